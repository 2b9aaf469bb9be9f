// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import UserNotifications

/// The service extension: opens a sealed push, or fetches what was cut, within DaylongKit's time.
final class NotificationService: UNNotificationServiceExtension {
  override func didReceive(
    _ request: UNNotificationRequest, withContentHandler handler: @escaping (UNNotificationContent) -> Void
  ) {
    let shown = (request.content.mutableCopy() as? UNMutableNotificationContent) ?? UNMutableNotificationContent()
    let json = (try? JSONSerialization.data(withJSONObject: request.content.userInfo)) ?? Data()
    Task {
      let content = await NotificationContentBuilder(key: await PushKey.stored()).content(for: json)
      shown.title = content.title
      shown.subtitle = content.subtitle ?? ""
      shown.body = content.body
      shown.categoryIdentifier = content.category
      shown.threadIdentifier = content.threadId ?? ""
      if let badge = content.badge { shown.badge = badge as NSNumber }
      handler(shown)
    }
  }
}

/// The key that opens sealed pushes, shared by the app and its extension. An app that wants sealed pushes makes it once with
/// `PushCipher.makeKey()`, keeps it here, and gives it to `registerPush`.
enum PushKey {
  static func stored() async -> Data? {
    guard let text = try? await KeychainSecrets(accessGroup: "group.daylong").secret("push-key") else { return nil }
    return Data(base64Encoded: text)
  }
}
