import Foundation

/// What a notification shows. A service extension copies it into its `UNMutableNotificationContent`.
public struct NotificationContent: Sendable, Hashable {
  public var title: String
  public var subtitle: String?
  public var body: String
  public var category: String
  public var badge: Int?
  public var threadId: String?

  /// Words for a push that cannot be opened: nothing of the conversation, and no promise.
  public static let fallbackBody = "Open Daylong to see it."

  public init(
    title: String, subtitle: String? = nil, body: String, category: String = "SESSION", badge: Int? = nil,
    threadId: String? = nil
  ) {
    self.title = title
    self.subtitle = subtitle
    self.body = body
    self.category = category
    self.badge = badge
    self.threadId = threadId
  }
}

/// Makes the content of a notification in a service extension: opens a sealed push, and fetches the whole text of a cut reply.
public struct NotificationContentBuilder: Sendable {
  /// iOS gives an extension about 30 s and then shows what it has: the text is asked for in less.
  public static let timeBudget = 20.0
  /// As much of a reply as a notification shows when it is opened.
  public static let maxBody = 2_000

  private let key: Data?
  private let fetch: (@Sendable (_ messageId: String) async throws -> String)?

  /// `fetch` gets the whole text of a message; without it, or when it fails, the cut one is shown.
  public init(key: Data?, fetch: (@Sendable (String) async throws -> String)? = nil) {
    self.key = key
    self.fetch = fetch
  }

  public func content(for json: Data) async -> NotificationContent {
    guard let payload = try? PushPayload(json: json, key: key) else {
      return NotificationContent(title: "Daylong", body: NotificationContent.fallbackBody)
    }
    guard case .alert(let subject, let title, let subtitle, let body, let category, let badge) = payload else {
      let alert = try? JSONDecoder().decode(API.AlertPush.self, from: json).aps.alert
      return NotificationContent(
        title: alert?.title ?? "Daylong", subtitle: alert?.subtitle, body: alert?.body ?? NotificationContent.fallbackBody)
    }
    var shown = body
    if subject.truncated, let messageId = subject.messageId, let fetch {
      let whole = try? await within(Self.timeBudget) { try await fetch(messageId) }
      if let whole, whole.count > body.count { shown = String(whole.prefix(Self.maxBody)) }
    }
    return NotificationContent(
      title: title, subtitle: subtitle, body: shown, category: category, badge: badge, threadId: subject.sessionId)
  }
}
