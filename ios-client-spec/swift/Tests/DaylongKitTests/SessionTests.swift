import Foundation
import XCTest

@testable import DaylongKit

final class TranscriptTests: XCTestCase {
  private var cursor = 0

  private func event(_ type: String, _ data: String, turn: String? = "t") throws -> LoggedEvent {
    cursor += 1
    let turnField = turn.map { #","turnId":"\#($0)""# } ?? ""
    return try logged(
      #"{"cursor":\#(cursor),"sessionId":"s","seq":\#(cursor),"type":"\#(type)","at":\#(cursor)\#(turnField),"data":\#(data)}"#)
  }

  private func delta(_ offset: Int, _ text: String) -> API.DeltaFrame {
    API.DeltaFrame(sessionId: "s", turnId: "t", offset: offset, text: text)
  }

  func testAMessageFromItsTypingToItsReply() throws {
    var state = TranscriptState()
    let message = UnsentMessage(clientMessageId: "c", sessionId: "s", message: "Hi")
    state.add(message)
    XCTAssertEqual(state.items.map(\.kind), [.user(text: "Hi", delivery: .unsent)])
    state.heard(
      .accepted(
        .init(
          sessionId: "s", turnId: "t", clientMessageId: "c", state: .queued, queuePosition: 2, duplicate: false,
          expiresAt: 1)), of: message)
    XCTAssertEqual(state.items.map(\.kind), [.user(text: "Hi", delivery: .queued(position: 2))])
    state.apply(
      try event(
        "turn.accepted",
        #"{"messageId":"m1","message":"Hi","clientMessageId":"c","deviceId":"d","attachments":[]}"#))
    state.apply(try event("turn.started", #"{"origin":"user"}"#))
    state.apply(delta(0, "Hel"))
    state.apply(delta(3, "lo"))
    XCTAssertEqual(state.items.last?.kind, .assistant(text: "Hello", isStreaming: true, isPartial: false))
    state.apply(try event("message", #"{"messageId":"m2","text":"Hello!"}"#))
    XCTAssertEqual(state.items.count, 2)
    XCTAssertEqual(state.items.last?.kind, .assistant(text: "Hello!", isStreaming: false, isPartial: false))
    XCTAssertEqual(state.items.first?.kind, .user(text: "Hi", delivery: .running))
  }

  func testEventsThatComeAgainChangeNothing() throws {
    var state = TranscriptState()
    let events = [
      try event("turn.started", #"{"origin":"task"}"#), try event("message", #"{"messageId":"m","text":"Built."}"#),
    ]
    for one in events { state.apply(one) }
    let before = state
    for one in events { state.apply(one) }
    XCTAssertEqual(state, before)
  }

  func testWordsThatWereMissedAreNotInvented() throws {
    var state = TranscriptState()
    state.apply(delta(10, "late"))
    XCTAssertEqual(state.items, [])
    // After a resume the first delta holds the text so far; offsets are in UTF-16 units.
    state.apply(delta(0, "😀 so far"))
    state.apply(delta(9, "!"))
    XCTAssertEqual(state.items.last?.kind, .assistant(text: "😀 so far!", isStreaming: true, isPartial: false))
  }

  func testAnInterruptedTurnKeepsWhatWasHeard() throws {
    var state = TranscriptState()
    state.apply(delta(0, "Half of it"))
    state.apply(try event("turn.interrupted", #"{"code":"interrupted","detail":"It was stopped."}"#))
    XCTAssertEqual(
      state.items.map(\.kind),
      [
        .assistant(text: "Half of it", isStreaming: false, isPartial: true),
        .failure(code: "interrupted", detail: "It was stopped."),
      ])
  }

  func testToolsAndPermissions() throws {
    var state = TranscriptState()
    state.apply(try event("tool.started", #"{"toolUseId":"u","toolName":"Bash","title":"npm test"}"#))
    XCTAssertEqual(state.items.last?.kind, .tool(name: "Bash", title: "npm test", agent: nil, result: .running))
    state.apply(try event("tool.finished", #"{"toolUseId":"u","toolName":"Bash","failed":true,"summary":"3 failed"}"#))
    XCTAssertEqual(
      state.items.last?.kind, .tool(name: "Bash", title: "npm test", agent: nil, result: .failed(summary: "3 failed")))
    state.apply(try event("permission.expired", #"{"permissionId":"p","reason":"timed_out"}"#))
    XCTAssertTrue(state.openPermissions.isEmpty)
  }

  func testAnEventOfANewerServerIsPassedOver() throws {
    var state = TranscriptState()
    state.apply(try event("moon.landed", "{}"))
    XCTAssertEqual(state.items, [])
    XCTAssertEqual(state.lastCursor, 1)
  }
}

final class LeaseTests: XCTestCase {
  private func session(expiresAt: Int, warnAt: Int = 80, state: String = "idle", turns: Int = 1, auto: Bool = false) throws
    -> API.Session
  {
    try decode(
      API.Session.self,
      #"""
      {"sessionId":"s","projectPath":"/p","title":"T","state":"\#(state)","model":null,"permissionMode":"default","createdAt":0,
       "lastActivityAt":0,"lease":{"term":1,"startedAt":0,"warnAt":\#(warnAt),"expiresAt":\#(expiresAt)},"timeRemainingMs":1,
       "turnCount":\#(turns),"queuedTurns":0,"lastSeq":1,"costUsd":0,"tokens":{"input":0,"output":0},"muted":false,
       "autoKeepAlive":\#(auto),"openPermissions":0,"readSeq":0,"unread":0,"runningTasks":0,"suggestedPrompts":[],
       "compacting":false}
      """#)
  }

  func testTheStatesOfALease() throws {
    let hour = 3_600_000
    let day = 24 * hour
    let fresh = try session(expiresAt: day, warnAt: 20 * hour)
    XCTAssertEqual(SessionStatusView(fresh, now: hour).lease, .fresh)
    XCTAssertEqual(SessionStatusView(fresh, now: 21 * hour).lease, .warned)
    XCTAssertEqual(SessionStatusView(fresh, now: day - hour).lease, .urgent)
    XCTAssertEqual(SessionStatusView(fresh, now: day).lease, .expired)
    XCTAssertEqual(SessionStatusView(fresh, now: day / 4).fractionLeft, 0.75)
    XCTAssertEqual(SessionStatusView(try session(expiresAt: day, state: "closed"), now: 0).canKeepAlive, false)
    XCTAssertEqual(SessionStatusView(try session(expiresAt: day, turns: 0), now: 0).canRecap, false)
    // A state of a newer server is shown by its word.
    XCTAssertEqual(SessionStatusView(try session(expiresAt: day, state: "dreaming"), now: 0).activity, "dreaming")
  }

  func testWhatIsExtendedAndWhatIsWarnedOf() throws {
    let hour = 3_600_000
    let session = try session(expiresAt: 10 * hour)
    let kept = KeepAlivePlan(sessions: [session], autoExtend: ["s"], now: 7 * hour)
    XCTAssertEqual(kept.extend, ["s"])
    XCTAssertEqual(kept.notifications, [])
    XCTAssertEqual(KeepAlivePlan(sessions: [session], autoExtend: ["s"], now: 5 * hour).extend, [])
    let other = KeepAlivePlan(sessions: [session], autoExtend: [], now: 5 * hour)
    XCTAssertEqual(other.notifications.map(\.at), [9 * hour])
    // The server keeps it alive itself: no warning.
    XCTAssertEqual(
      KeepAlivePlan(sessions: [try self.session(expiresAt: 10 * hour, auto: true)], autoExtend: [], now: 0).notifications, [])
    XCTAssertEqual(KeepAlivePlan(sessions: [session], autoExtend: ["s"], now: 11 * hour).extend, [])
  }
}
