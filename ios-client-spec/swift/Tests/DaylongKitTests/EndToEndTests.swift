import Foundation
import XCTest

@testable import DaylongKit

/// DaylongKit against the real server with the real CLI and the demo model.
final class EndToEndTests: XCTestCase {
  private func client(_ server: TestServer, store: any KeptStore = MemoryStore()) async throws -> (
    client: DaylongClient, sink: RecordingSink, host: PairedHost, token: String
  ) {
    let (host, token) = try await server.pair()
    let sink = RecordingSink()
    let client = DaylongClient(host: host, token: token, transport: LinuxTransport(), store: store, sink: sink)
    await client.start()
    _ = try await eventually("connected") { await client.state == .connected ? true : nil }
    return (client, sink, host, token)
  }

  func testPairChatPermissionKeepAliveAndRecap() async throws {
    let server = try await TestServer.start()
    let (client, sink, _, _) = try await client(server)
    let message = UnsentMessage(projectPath: server.project, message: "Remember the number 42")
    try await client.send(message)
    let first = try await eventually("a reply") { await sink.events.last { $0.envelope.type == "turn.completed" } }
    let sessionId = try XCTUnwrap(first.envelope.sessionId)
    try await client.send(UnsentMessage(sessionId: sessionId, message: "What number did I ask you to remember?"))
    _ = try await eventually("the second reply") {
      await sink.events.filter { $0.envelope.type == "turn.completed" }.count == 2 ? true : nil
    }
    let said = await sink.texts.last
    XCTAssertEqual(said, "You asked me to remember 42.")
    let unsent = try await client.unsent()
    XCTAssertEqual(unsent, [])

    try await client.send(UnsentMessage(sessionId: sessionId, message: "run: touch made.txt"))
    let asked = try await eventually("a permission") {
      try await client.rest.permissions().permissions.first { $0.sessionId == sessionId }
    }
    XCTAssertEqual(asked.toolName, "Bash")
    _ = try await client.rest.answer(asked.permissionId, .init(decision: .allow, scope: .once))
    let finished = try await eventually("the tool's end") {
      await sink.events.last { $0.envelope.type == "tool.finished" }
    }
    guard case .toolFinished(let event) = finished.event else { return XCTFail("\(finished)") }
    XCTAssertFalse(event.data.failed)
    _ = try await eventually("the end of the turn") {
      await sink.events.filter { $0.envelope.type == "turn.completed" }.count == 3 ? true : nil
    }

    let before = try await client.rest.session(sessionId)
    let kept = try await client.rest.keepAlive(sessionId)
    XCTAssertTrue(kept.extended)
    XCTAssertGreaterThan(kept.expiresAt, before.lease.expiresAt)
    let recap = try await client.rest.recap(sessionId)
    XCTAssertNotNil(recap.recap)

    // What was acknowledged is what the sink has.
    let position = try await client.storedPosition()
    let last = try await eventually("the last event is stored") {
      let cursor = await sink.events.last?.envelope.cursor
      return try await client.storedPosition()?.cursor == cursor ? cursor : nil
    }
    XCTAssertGreaterThanOrEqual(last, position?.cursor ?? 0)
    await client.stop()
  }

  func testNothingIsLostOrDoubledOverAKilledServer() async throws {
    let server = try await TestServer.start()
    let (client, sink, _, _) = try await client(server)
    try await client.send(UnsentMessage(projectPath: server.project, message: "Remember the number 7"))
    let first = try await eventually("a reply") { await sink.events.last { $0.envelope.type == "turn.completed" } }
    let sessionId = try XCTUnwrap(first.envelope.sessionId)

    try await server.kill()
    _ = try await eventually("the loss is noticed") { () -> Bool? in
      if case .reconnecting = await client.state { true } else { nil }
    }
    // Written while the server is away: kept, and sent once.
    try await client.send(UnsentMessage(sessionId: sessionId, message: "What number did I ask you to remember?"))
    let waiting = try await client.unsent()
    XCTAssertEqual(waiting.count, 1)
    try await server.restart()
    await client.hurry()
    _ = try await eventually("the second reply") {
      await sink.events.filter { $0.envelope.type == "turn.completed" }.count == 2 ? true : nil
    }
    let said = await sink.texts.last
    XCTAssertEqual(said, "You asked me to remember 7.")
    let events = await sink.events
    XCTAssertEqual(events.map(\.envelope.cursor), events.map(\.envelope.cursor).sorted())
    XCTAssertEqual(Set(events.map(\.envelope.cursor)).count, events.count)
    XCTAssertEqual(events.filter { $0.envelope.type == "turn.accepted" }.count, 2)
    await client.stop()
  }

  func testARelaunchedAppGoesOnWhereItsStoreIs() async throws {
    let server = try await TestServer.start()
    let store = MemoryStore()
    let (host, token) = try await server.pair()
    let sink = RecordingSink()
    let first = DaylongClient(host: host, token: token, transport: LinuxTransport(), store: store, sink: sink)
    // Typed and then backgrounded: it is kept before anything is sent.
    try await first.send(UnsentMessage(projectPath: server.project, message: "What is 2+2?"))
    let second = DaylongClient(host: host, token: token, transport: LinuxTransport(), store: store, sink: sink)
    await second.start()
    _ = try await eventually("a reply") { await sink.events.last { $0.envelope.type == "turn.completed" } }
    let position = try await second.storedPosition()
    await second.stop()

    let third = DaylongClient(host: host, token: token, transport: LinuxTransport(), store: store, sink: sink)
    let kept = try await third.storedPosition()
    XCTAssertEqual(kept, position)
    let count = await sink.events.count
    await third.start()
    _ = try await eventually("connected") { await third.state == .connected ? true : nil }
    try await Task.sleep(for: .milliseconds(300))
    let after = await sink.events.count
    XCTAssertEqual(after, count)
    await third.stop()
  }

  func testAnEventThatTheSinkFailedAtComesAgain() async throws {
    let server = try await TestServer.start()
    let (client, sink, _, _) = try await client(server)
    let start = try await client.storedPosition()
    let cursor = try XCTUnwrap(start?.cursor)
    await sink.fail(at: cursor + 2)
    try await client.send(UnsentMessage(projectPath: server.project, message: "What is 2+2?"))
    _ = try await eventually("a reply") { await sink.events.last { $0.envelope.type == "turn.completed" } }
    let cursors = await sink.events.map(\.envelope.cursor)
    XCTAssertEqual(cursors, Array((cursor + 1)...(cursors.last ?? 0)))
    await client.stop()
  }

  func testACertificateIsPinned() async throws {
    let server = try await TestServer.start(tls: true)
    let link = try await server.pairingLink()
    XCTAssertNotNil(link.fingerprint)
    let wrong = try PairingLink(url: link.url, code: link.code, fingerprint: String(repeating: "ab", count: 32))
    do {
      _ = try await RestClient.pair(wrong, deviceName: "x", transport: LinuxTransport())
      XCTFail("A wrong certificate was taken.")
    } catch { XCTAssertEqual(error as? TransportError, .wrongCertificate) }
    do {
      let unpinned = try PairingLink(url: link.url, code: link.code)
      _ = try await RestClient.pair(unpinned, deviceName: "x", transport: LinuxTransport())
      XCTFail("A self-signed certificate was taken.")
    } catch { XCTAssertEqual(error as? TransportError, .wrongCertificate) }

    let (host, token) = try await RestClient.pair(link, deviceName: "Swift test", transport: LinuxTransport())
    XCTAssertEqual(host.fingerprint, link.fingerprint)
    let sink = RecordingSink()
    let client = DaylongClient(host: host, token: token, transport: LinuxTransport(), store: MemoryStore(), sink: sink)
    await client.start()
    try await client.send(UnsentMessage(projectPath: server.project, message: "What is 2+2?"))
    _ = try await eventually("a reply") { await sink.texts.last?.contains("4") == true ? true : nil }
    await client.stop()
  }

  func testARevokedDeviceSaysSoAndStops() async throws {
    let server = try await TestServer.start()
    let (client, _, host, _) = try await client(server)
    try await server.admin("DELETE", "/api/devices/\(host.deviceId)")
    let state = try await eventually("unauthorized") { () -> ConnectionState? in
      let state = await client.state
      if case .unauthorized = state { return state }
      return nil
    }
    guard case .unauthorized(let detail) = state else { return XCTFail("\(state)") }
    XCTAssertFalse(detail.isEmpty)
  }
}
