import Foundation
import XCTest

@testable import DaylongKit

final class OutboxTests: XCTestCase {
  private func accepted(_ ref: String?) -> API.ServerFrame {
    .accepted(
      .init(
        ref: ref, sessionId: "s", turnId: "t", clientMessageId: "c", state: .running, queuePosition: 0, duplicate: false,
        expiresAt: 1))
  }
  private func refused(_ ref: String?, _ code: API.ErrorCode, retryAfterMs: Double? = nil) -> API.ServerFrame {
    .error(.init(ref: ref, code: code, detail: "no", retryAfterMs: retryAfterMs))
  }
  private func message(_ id: String, session: String? = "s") -> UnsentMessage {
    UnsentMessage(clientMessageId: id, sessionId: session, message: "m \(id)")
  }

  func testMessagesOfASessionGoOneBehindTheOther() {
    var outbox = Outbox()
    for id in ["a", "b", "c"] { outbox.add(message(id)) }
    outbox.add(message("d", session: "other"))
    let first = outbox.due(at: 0)
    XCTAssertEqual(first.map(\.clientMessageId), ["a", "d"])
    XCTAssertEqual(outbox.due(at: 0), [])
    XCTAssertNotNil(outbox.hear(accepted(first[0].ref), at: 0))
    XCTAssertEqual(outbox.due(at: 0).map(\.clientMessageId), ["b"])
    XCTAssertEqual(outbox.kept.map(\.clientMessageId), ["b", "c", "d"])
  }

  func testAConnectionThatBrokeSendsTheSameIdAgain() {
    var outbox = Outbox(kept: [message("a")])
    let first = outbox.due(at: 0)
    outbox.connectionIsNew()
    let second = outbox.due(at: 0)
    XCTAssertEqual(first.map(\.clientMessageId), second.map(\.clientMessageId))
    XCTAssertNotEqual(first.first?.ref, second.first?.ref)
    // An answer to the frame of the old connection is nobody's.
    XCTAssertNil(outbox.hear(accepted(first.first?.ref), at: 0))
    XCTAssertEqual(outbox.kept.count, 1)
  }

  func testARefusalThatPassesIsTriedAgainAfterItsTime() {
    var outbox = Outbox(kept: [message("a")])
    let ref = outbox.due(at: 0)[0].ref
    XCTAssertNil(outbox.hear(refused(ref, .poolFull, retryAfterMs: 7_000), at: 0))
    XCTAssertEqual(outbox.due(at: 6.9), [])
    XCTAssertEqual(outbox.nextDue, 7)
    XCTAssertEqual(outbox.due(at: 7).count, 1)
  }

  func testARefusalForGoodIsToldAndForgotten() {
    var outbox = Outbox(kept: [message("a")])
    let ref = outbox.due(at: 0)[0].ref
    guard let (message, outcome) = outbox.hear(refused(ref, .sessionClosed), at: 0) else { return XCTFail("not told") }
    XCTAssertEqual(message.clientMessageId, "a")
    XCTAssertEqual(outcome, .refused(code: .sessionClosed, detail: "no"))
    XCTAssertEqual(outbox.kept, [])
    // A code of a newer server is no reason to send for ever.
    var other = Outbox(kept: [self.message("b")])
    let otherRef = other.due(at: 0)[0].ref
    XCTAssertNotNil(other.hear(refused(otherRef, .unknown("moon_phase")), at: 0))
  }

  func testOnlyWhatWasNotHandedOverCanBeTakenBack() {
    var outbox = Outbox(kept: [message("a"), message("b")])
    _ = outbox.due(at: 0)
    XCTAssertFalse(outbox.withdraw("a"))
    XCTAssertTrue(outbox.withdraw("b"))
  }

  func testTheSameMessageIsKeptOnce() {
    var outbox = Outbox()
    outbox.add(message("a"))
    outbox.add(message("a"))
    XCTAssertEqual(outbox.kept.count, 1)
  }

  func testPausesGrowAndHaveABound() {
    var backOff = BackOff()
    let pauses = (0..<12).map { _ in backOff.next(random: 0.999_999) }
    XCTAssertEqual(pauses.map { ($0 * 10).rounded() / 10 }.prefix(4), [0.5, 1, 2, 4])
    XCTAssertLessThanOrEqual(pauses.max()!, 30)
    var early = BackOff()
    XCTAssertEqual(early.next(random: 0), 0.25)
    backOff.reset()
    XCTAssertLessThanOrEqual(backOff.next(), 0.5)
  }

  func testAFileStoreKeepsTheLastAndIsPrivate() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = FileStore(folder: folder)
    let none = try await store.value("host/1 outbox")
    XCTAssertNil(none)
    try await store.setValue("host/1 outbox", Data("one".utf8))
    try await store.setValue("host/1 outbox", Data("two".utf8))
    let kept = try await FileStore(folder: folder).value("host/1 outbox")
    XCTAssertEqual(kept, Data("two".utf8))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    XCTAssertEqual(files.count, 1)
    let mode = try FileManager.default.attributesOfItem(atPath: folder.appending(path: files[0]).path)[.posixPermissions]
    XCTAssertEqual(mode as? Int, 0o600)
  }
}
