import Foundation

/// A notification that the device itself is to show.
public struct LocalNotification: Sendable, Hashable {
  /// Replaces an earlier one of the same id.
  public var id: String
  public var title: String
  public var body: String
  /// Milliseconds since the epoch.
  public var at: Int
  public var sessionId: String
}

/// Looks after the leases of the sessions that the owner cares for: extends those that are to be kept, and plans a local
/// notification for the others, so that a warning comes even when no push does.
public struct KeepAlivePlan: Sendable, Hashable {
  /// A background refresh is asked for this often; iOS decides when it runs.
  public static let checkEverySeconds = 1_800.0
  /// Sessions that end within this time are extended at a check: checks may be late by hours.
  public static let extendWithinMs = 4 * 3_600_000
  /// A local warning comes this long before the end.
  public static let warnBeforeMs = 3_600_000

  public var extend: [String] = []
  public var notifications: [LocalNotification] = []

  /// `autoExtend`: sessions the owner wants kept. `now` in ms since the epoch.
  public init(sessions: [API.Session], autoExtend: Set<String>, now: Int) {
    for session in sessions where session.state != .closed && session.state != .expired {
      let left = session.lease.expiresAt - now
      guard left > 0 else { continue }
      if autoExtend.contains(session.sessionId) {
        if left <= Self.extendWithinMs { extend.append(session.sessionId) }
      } else if !session.autoKeepAlive {
        notifications.append(
          LocalNotification(
            id: "lease-\(session.sessionId)", title: session.title,
            body: "This session ends within the hour. Keep it alive?",
            at: max(now + 1_000, session.lease.expiresAt - Self.warnBeforeMs), sessionId: session.sessionId))
      }
    }
  }
}

/// Carries the plan out.
public actor KeepAliveService {
  public struct Report: Sendable, Hashable {
    public var extended: [String] = []
    /// By session: why it could not be extended. They are notified at once.
    public var failed: [String: String] = [:]
    public var notifications: [LocalNotification] = []
  }

  private let rest: @Sendable () async -> RestClient
  private let now: @Sendable () -> Int

  public init(
    rest: @escaping @Sendable () async -> RestClient,
    now: @escaping @Sendable () -> Int = { Int(Date().timeIntervalSince1970 * 1000) }
  ) {
    self.rest = rest
    self.now = now
  }

  /// One check. Throws when the list of sessions cannot be had: what was scheduled before stays.
  public func check(autoExtend: Set<String>) async throws -> Report {
    let client = await rest()
    let sessions = try await client.sessions().sessions
    let plan = KeepAlivePlan(sessions: sessions, autoExtend: autoExtend, now: now())
    var report = Report(notifications: plan.notifications)
    for sessionId in plan.extend {
      do {
        _ = try await client.keepAlive(sessionId)
        report.extended.append(sessionId)
      } catch {
        let detail = (error as? ServerProblem)?.detail ?? "The server cannot be reached."
        report.failed[sessionId] = detail
        report.notifications.append(
          LocalNotification(
            id: "lease-\(sessionId)", title: sessions.first { $0.sessionId == sessionId }?.title ?? "Daylong",
            body: "It could not be kept alive: \(detail)", at: now() + 1_000, sessionId: sessionId))
      }
    }
    return report
  }
}
