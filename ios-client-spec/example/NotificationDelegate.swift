// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import UIKit
import UserNotifications

/// Registers for pushes at every launch, and does what their buttons say without opening the app.
final class NotificationDelegate: NSObject, UIApplicationDelegate, UNUserNotificationCenterDelegate {
  @MainActor var computers: Computers?

  func application(
    _ application: UIApplication, didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]? = nil
  ) -> Bool {
    let center = UNUserNotificationCenter.current()
    center.delegate = self
    center.setNotificationCategories(
      Set(
        NotificationCategory.allCases.map { category in
          UNNotificationCategory(
            identifier: category.rawValue, actions: category.actions.map(Self.action), intentIdentifiers: [])
        }))
    return true
  }

  @MainActor static func register() async {
    _ = try? await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .badge, .sound])
    UIApplication.shared.registerForRemoteNotifications()
  }

  func application(_ application: UIApplication, didRegisterForRemoteNotificationsWithDeviceToken token: Data) {
    Task { @MainActor in
      guard let rest = await computers?.current?.rest() else { return }
      do {
        _ = try await rest.registerPush(token: token, environment: .production)
      } catch {
        await Self.tell("This phone could not be registered for notifications: \(error.localizedDescription)")
      }
    }
  }

  func userNotificationCenter(_ center: UNUserNotificationCenter, didReceive response: UNNotificationResponse) async {
    guard let action = NotificationAction(rawValue: response.actionIdentifier),
      let json = try? JSONSerialization.data(withJSONObject: response.notification.request.content.userInfo),
      case .alert(let subject, _, _, _, _, _) = try? PushPayload(json: json, key: await PushKey.stored())
    else { return }
    guard let rest = await computers?.current?.rest() else { return }
    let words = (response as? UNTextInputNotificationResponse)?.userText
    let outcome = await NotificationActionHandler(rest: rest).perform(action, on: subject, text: words)
    if case .failed(let detail) = outcome { await Self.tell(detail) }
  }

  private static func action(_ action: NotificationAction) -> UNNotificationAction {
    var options: UNNotificationActionOptions = []
    if action.needsUnlock { options.insert(.authenticationRequired) }
    if action.isDestructive { options.insert(.destructive) }
    return action.takesText
      ? UNTextInputNotificationAction(identifier: action.rawValue, title: action.title, options: options)
      : UNNotificationAction(identifier: action.rawValue, title: action.title, options: options)
  }

  /// A local notification under its id, which replaces the one that was planned before.
  static func plan(_ notification: LocalNotification) async {
    let content = UNMutableNotificationContent()
    content.title = notification.title
    content.body = notification.body
    content.categoryIdentifier = NotificationCategory.expiring.rawValue
    let seconds = Double(notification.at) / 1000 - Date.now.timeIntervalSince1970
    let trigger = UNTimeIntervalNotificationTrigger(timeInterval: max(1, seconds), repeats: false)
    try? await UNUserNotificationCenter.current().add(
      UNNotificationRequest(identifier: notification.id, content: content, trigger: trigger))
  }

  private static func tell(_ detail: String) async {
    let content = UNMutableNotificationContent()
    content.title = "That did not work"
    content.body = detail
    try? await UNUserNotificationCenter.current().add(
      UNNotificationRequest(identifier: UUID().uuidString, content: content, trigger: nil))
  }
}
