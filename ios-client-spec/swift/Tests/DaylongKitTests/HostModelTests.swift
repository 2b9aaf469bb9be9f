import Foundation
import XCTest

@testable import DaylongKit

/// A store that can be cut off after so many writes, as an app is that iOS kills.
actor DyingStore: KeptStore {
  private var values: [String: Data] = [:]
  private var writesLeft = Int.max

  func die(after writes: Int) { writesLeft = writes }
  func value(_ key: String) -> Data? { values[key] }
  func setValue(_ key: String, _ data: Data) throws {
    guard writesLeft > 0 else { throw CocoaError(.fileWriteUnknown) }
    writesLeft -= 1
    values[key] = data
  }
}

final class EventArchiveTests: XCTestCase {
  private func event(_ cursor: Int) throws -> LoggedEvent {
    try logged(
      #"{"cursor":\#(cursor),"sessionId":"s","seq":\#(cursor),"type":"message","at":1,"turnId":"t","data":{"messageId":"m\#(cursor)","text":"\#(cursor)","more":1}}"#)
  }

  func testWhatWasAppendedIsThereAfterARelaunchOnceAndInOrder() async throws {
    let store = MemoryStore()
    let first = EventArchive(store: store, hostId: "h")
    for cursor in 1...150 {
      let isNew = try await first.append(try event(cursor))
      XCTAssertTrue(isNew)
    }
    let second = EventArchive(store: store, hostId: "h")
    let again = try await second.append(try event(150))
    XCTAssertFalse(again)
    try await second.append(try event(151))
    let events = try await EventArchive(store: store, hostId: "h").events()
    XCTAssertEqual(events.map(\.envelope.cursor), Array(1...151))
    let other = try await EventArchive(store: store, hostId: "other").events()
    XCTAssertEqual(other, [])
  }

  func testAnAppKilledBetweenTwoWritesGetsTheEventAgainAndHasItOnce() async throws {
    for writes in 0...1 {
      let store = DyingStore()
      let first = EventArchive(store: store, hostId: "h")
      try await first.append(try event(1))
      await store.die(after: writes)
      do {
        try await first.append(try event(2))
        XCTFail("stored on a dead store")
      } catch {}
      await store.die(after: .max)
      let second = EventArchive(store: store, hostId: "h")
      let isNew = try await second.append(try event(2))
      XCTAssertTrue(isNew)
      let cursors = try await second.events().map(\.envelope.cursor)
      XCTAssertEqual(cursors, [1, 2])
    }
  }

  func testTheOldestGoAndAnotherLogStartsOver() async throws {
    let store = MemoryStore()
    let archive = EventArchive(store: store, hostId: "h")
    let count = EventArchive.chunkSize * (EventArchive.mostChunks + 1) + 1
    for cursor in 1...count { try await archive.append(try event(cursor)) }
    let kept = try await archive.events().map(\.envelope.cursor)
    XCTAssertEqual(kept.last, count)
    XCTAssertEqual(kept.first, count - EventArchive.chunkSize * (EventArchive.mostChunks - 1))
    try await archive.startOver(after: 5)
    let nothing = try await archive.events()
    XCTAssertEqual(nothing, [])
    let old = try await archive.append(try event(5))
    XCTAssertFalse(old)
    try await archive.append(try event(6))
    let cursors = try await EventArchive(store: store, hostId: "h").events().map(\.envelope.cursor)
    XCTAssertEqual(cursors, [6])
  }

  func testAnEventOfANewerServerIsKeptAsItCame() async throws {
    let store = MemoryStore()
    let json = #"{"cursor":1,"type":"moon.landed","at":2,"data":{"x":[1,"a",null]}}"#
    try await EventArchive(store: store, hostId: "h").append(try logged(json))
    let back = try await EventArchive(store: store, hostId: "h").events()
    guard case .unknown(let type, let raw) = back.first?.event else { return XCTFail("\(back)") }
    XCTAssertEqual(type, "moon.landed")
    XCTAssertEqual(raw["data"]?["x"]?.array.count, 3)
  }
}

/// What an app's views stand on, against the real server.
final class HostModelTests: XCTestCase {
  func testAViewSeesTheWholeOfAConversationAndAnswersItsCard() async throws { try await Self.converse() }

  @MainActor private static func converse() async throws {
    let server = try await TestServer.start()
    let (host, token) = try await server.pair()
    let store = MemoryStore()
    let model = HostModel(host: host, token: token, transport: LinuxTransport(), store: store)
    await model.start()
    _ = try await eventually("connected") { model.connection == .connected ? true : nil }

    let device = try await model.rest().registerPush(
      token: Data([0x0a] + Array(repeating: 0xff, count: 31)), environment: .sandbox, encryptionKey: PushCipher.makeKey())
    XCTAssertEqual(device.push?.environment, "sandbox")
    XCTAssertEqual(device.push?.encrypted, true)

    await model.begin("What is 2+2?", in: server.project)
    let session = try await eventually("the session is listed") { model.sessions.first }
    let id = session.sessionId
    _ = try await eventually("the reply is shown") { () -> Bool? in
      guard case .assistant(let text, false, false) = model.transcript(of: id).state.items.last?.kind else { return nil }
      return text.contains("4") ? true : nil
    }
    XCTAssertEqual(model.transcript(of: id).state.items.filter(\.isUser).count, 1)

    await model.send("run: touch seen.txt", to: id)
    let card = try await eventually("the card") { model.openPermissions(of: id).first }
    XCTAssertEqual(card.input["command"]?.string, "touch seen.txt")
    XCTAssertEqual(HostModel.need(try XCTUnwrap(model.sessions.first)), 0)
    await model.answer(card.permissionId, .init(decision: .allow, scope: .once))
    XCTAssertEqual(model.openPermissions(of: id), [])
    // A tap on a card that has gone is no error.
    await model.answer(card.permissionId, .init(decision: .deny))
    XCTAssertNil(model.fault)
    _ = try await eventually("the turn's end") { model.sessions.first?.state == .idle ? true : nil }

    let status = try XCTUnwrap(model.status(of: id))
    let before = status.view.timeLeftMs
    await status.keepAlive()
    XCTAssertNil(status.fault)
    XCTAssertGreaterThan(status.view.timeLeftMs, before - 60_000)
    let shown = model.transcript(of: id).state.items
    // What is loaded is there already, in whatever form it came.
    await model.loadEarlier(id)
    XCTAssertEqual(model.transcript(of: id).state.items.map(\.kind), shown.map(\.kind))
    await model.stop()

    // Another phone, which was not there: the whole conversation comes by pages, in its order.
    let (otherHost, otherToken) = try await server.pair()
    let other = HostModel(host: otherHost, token: otherToken, transport: LinuxTransport(), store: MemoryStore())
    await other.start()
    await other.loadEarlier(id)
    await other.loadEarlier(id)
    XCTAssertNil(other.fault)
    let texts = other.transcript(of: id).state.items.compactMap { item -> String? in
      switch item.kind {
      case .user(let text, _): "user: \(text)"
      case .assistant(let text, _, _): "assistant: \(text)"
      default: nil
      }
    }
    XCTAssertEqual(texts.first, "user: What is 2+2?")
    XCTAssertEqual(texts.filter { $0.hasPrefix("user:") }, ["user: What is 2+2?", "user: run: touch seen.txt"])
    XCTAssertEqual(Set(texts).count, texts.count)
    await other.stop()

    // The next launch shows the conversation before it is connected.
    let next = HostModel(host: host, token: token, transport: LinuxTransport(), store: store)
    try await server.kill()
    await next.start()
    XCTAssertEqual(next.transcript(of: id).state.items.map(\.kind), shown.map(\.kind))
    await next.send("Said in a tunnel", to: id)
    XCTAssertEqual(
      next.transcript(of: id).state.items.last?.kind, .user(text: "Said in a tunnel", delivery: .unsent))
    await next.stop()
  }
}
