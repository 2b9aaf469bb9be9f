import Foundation

/// A push as the app or its extension gets it, sealed or not.
public enum PushPayload: Sendable, Hashable {
  /// An alert: what it is about, and the words that stand in it or, when it was sealed, belong into it.
  case alert(subject: API.PushSubject, title: String, subtitle: String?, body: String, category: String, badge: Int?)
  /// Another device has read something: set the badge, and let shown notifications of read sessions go.
  case sync(cursor: Int, unread: Int)
  /// A newer server's, or none of Daylong's: shown as it is.
  case unknown

  public enum Fault: Error, Sendable, Equatable {
    /// It is sealed and there is no key: the generic alert stays, and the app fetches by the cursor of its log.
    case noKey
  }

  /// Reads the `userInfo` of a notification. Throws `Fault.noKey` and `PushCipher.Fault` for one that cannot be opened.
  public init(json: Data, key: Data?) throws {
    guard let alert = try? JSONDecoder().decode(API.AlertPush.self, from: json) else {
      if let sync = try? JSONDecoder().decode(API.SyncPush.self, from: json), sync.daylong.kind == "sync" {
        self = .sync(cursor: sync.daylong.cursor, unread: sync.daylong.unread)
      } else {
        self = .unknown
      }
      return
    }
    let category = alert.aps.category.rawValue
    if let sealed = alert.daylong.enc {
      guard let key else { throw Fault.noKey }
      let opened = try PushCipher.open(sealed, key: key)
      guard let plain = try? JSONDecoder().decode(API.SealedPush.self, from: opened),
        let subject = try? JSONDecoder().decode(API.PushSubject.self, from: opened)
      else {
        self = .unknown
        return
      }
      self = .alert(
        subject: subject, title: plain.title, subtitle: plain.subtitle, body: plain.body, category: category,
        badge: alert.aps.badge)
      return
    }
    guard let raw = try? JSONDecoder().decode([String: JSONValue].self, from: json), let daylong = raw["daylong"],
      let subject = try? JSONDecoder().decode(API.PushSubject.self, from: JSONEncoder().encode(daylong))
    else {
      self = .unknown
      return
    }
    let words = alert.aps.alert
    self = .alert(
      subject: subject, title: words.title, subtitle: words.subtitle, body: words.body, category: category,
      badge: alert.aps.badge)
  }
}
