import Foundation
import Observation

/// What a status bar shows of a session, in words and figures. A plain value, so that a widget can show it too.
public struct SessionStatusView: Sendable, Hashable {
  public enum Lease: Sendable, Hashable {
    /// Plenty of time.
    case fresh
    /// The server has warned: offer Keep alive and Recap.
    case warned
    /// Under `SessionStatusView.urgentMs`: offer them in the foreground.
    case urgent
    /// Over: the next message or a keep-alive brings the session back.
    case expired
    /// Ended for good.
    case closed
  }

  /// Under an hour is urgent.
  public static let urgentMs = 3_600_000

  public var lease: Lease
  /// Milliseconds until the lease ends; 0 when it has.
  public var timeLeftMs: Int
  /// The part of the term that is left, 0 to 1, for a ring.
  public var fractionLeft: Double
  /// What Claude does, in a few words.
  public var activity: String
  public var messageCount: Int
  public var runningTasks: Int
  public var queuedMessages: Int
  public var canKeepAlive: Bool
  public var canRecap: Bool

  /// `now`: milliseconds since the epoch, by the server's clock as far as it is known.
  public init(_ session: API.Session, now: Int) {
    let left = max(0, session.lease.expiresAt - now)
    let term = max(1, session.lease.expiresAt - session.lease.startedAt)
    timeLeftMs = left
    fractionLeft = min(1, Double(left) / Double(term))
    lease = switch session.state {
    case .closed: .closed
    case .expired: .expired
    default:
      left == 0 ? .expired : left <= Self.urgentMs ? .urgent : session.lease.warnedAt != nil || now >= session.lease.warnAt ? .warned : .fresh
    }
    messageCount = session.turnCount
    runningTasks = session.runningTasks
    queuedMessages = session.queuedTurns
    canKeepAlive = session.state != .closed
    canRecap = session.state != .closed && session.turnCount > 0
    activity = Self.words(for: session)
  }

  private static func words(for session: API.Session) -> String {
    switch session.state {
    case .waiting: session.openPermissions > 1 ? "Waiting for you: \(session.openPermissions) questions" : "Waiting for you"
    case .busy: session.turn?.lastTool.map { "Working: \($0)" } ?? "Working"
    case .idle: session.runningTasks > 0 ? "Idle, \(session.runningTasks) tasks running" : "Idle"
    case .parked: "Parked: wakes with your next message"
    case .expired: "Expired: comes back with your next message"
    case .quarantined: "Resting after repeated crashes"
    case .closed: "Closed"
    case .unknown(let word): word
    }
  }
}

/// The status of one session, kept current by events and by the clock.
@MainActor @Observable
public final class SessionStatus {
  public private(set) var session: API.Session
  public private(set) var view: SessionStatusView
  /// Why the last Keep alive or Recap failed; `nil` after a good one.
  public private(set) var fault: String?
  public private(set) var recap: API.Recap?
  public private(set) var isExtending = false

  private let rest: @Sendable () async -> RestClient
  private let now: @Sendable () -> Int

  public init(
    _ session: API.Session, rest: @escaping @Sendable () async -> RestClient,
    now: @escaping @Sendable () -> Int = { Int(Date().timeIntervalSince1970 * 1000) }
  ) {
    self.session = session
    self.rest = rest
    self.now = now
    view = SessionStatusView(session, now: now())
  }

  /// To be called once a minute while it is on the screen, and on return to the foreground.
  public func tick() { view = SessionStatusView(session, now: now()) }

  /// Takes the session as a list has just brought it.
  public func show(_ newer: API.Session) {
    session = newer
    tick()
  }

  /// Loads the session anew; the sink calls it when an event of the session has come.
  public func refresh() async {
    do {
      show(try await rest().session(session.sessionId))
    } catch let problem as ServerProblem {
      fault = problem.detail
    } catch {
      // Offline: what is known stays on the screen.
    }
  }

  public func keepAlive() async {
    await extend { try await $0.keepAlive($1) }
  }

  public func askForRecap() async {
    await extend { try await $0.recap($1) }
  }

  private func extend(
    _ ask: @Sendable (RestClient, String) async throws -> API.PostSessionsKeepAliveResponse
  ) async {
    guard !isExtending else { return }
    isExtending = true
    defer { isExtending = false }
    do {
      let answer = try await ask(rest(), session.sessionId)
      fault = nil
      if let text = answer.recap { recap = text }
      await refresh()
    } catch let problem as ServerProblem {
      fault = problem.detail
    } catch {
      fault = "The server cannot be reached. Nothing was changed."
    }
  }
}
