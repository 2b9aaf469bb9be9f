import Foundation
import XCTest

@testable import DaylongKit

final class HostTests: XCTestCase {
  func testBothSpellingsOfALink() throws {
    let print = String(repeating: "AB:", count: 31) + "AB"
    let app = try PairingLink("daylong://pair?url=https%3A%2F%2F192.168.1.4%3A3000&code=abcd-efgh-jk&fp=\(print)")
    XCTAssertEqual(app.url.absoluteString, "https://192.168.1.4:3000")
    XCTAssertEqual(app.code, "ABCDEFGHJK")
    XCTAssertEqual(app.fingerprint, String(repeating: "ab", count: 32))
    let page = try PairingLink(" https://mac.local:3000/pair#code=ABCDEFGHJK \n")
    XCTAssertEqual(page.url.absoluteString, "https://mac.local:3000")
    XCTAssertNil(page.fingerprint)
    XCTAssertEqual(page.trust, .system)
  }

  func testWhatIsNoLinkIsRefusedWithItsReason() {
    let cases: [(String, PairingLink.Fault)] = [
      ("", .notAPairingLink), ("hello", .notAPairingLink), ("mailto:a@b", .notAPairingLink),
      ("daylong://sessions?code=ABCDEFGHJK", .notAPairingLink), ("https://x.test/s/1#code=ABCDEFGHJK", .notAPairingLink),
      ("daylong://pair?code=ABCDEFGHJK", .noServer), ("daylong://pair?url=ftp%3A%2F%2Fx&code=ABCDEFGHJK", .noServer),
      ("daylong://pair?url=javascript%3Aalert(1)&code=ABCDEFGHJK", .noServer),
      ("daylong://pair?url=https%3A%2F%2Fx.test", .noCode), ("daylong://pair?url=https%3A%2F%2Fx.test&code=ABC", .noCode),
      ("daylong://pair?url=https%3A%2F%2Fx.test&code=ABCDEFGHJU", .noCode),
      ("daylong://pair?url=https%3A%2F%2Fx.test&code=ABCDEFGHJK&fp=12", .badFingerprint),
    ]
    for (text, fault) in cases {
      XCTAssertThrowsError(try PairingLink(text), text) { XCTAssertEqual($0 as? PairingLink.Fault, fault, text) }
    }
  }

  func testACodeForgivesHowItIsTyped() {
    XCTAssertEqual(PairingCode.normalized("oil0 1234-56"), "0110123456")
    XCTAssertNil(PairingCode.normalized("ABCDEFGHJ"))
    XCTAssertNil(PairingCode.normalized("ABCDEFGHJU"))
  }

  func testHostsAndTheirTokensAreKeptApart() async throws {
    let store = MemoryStore()
    let secrets = MemoryStore()
    let hosts = HostStore(store: store, secrets: secrets)
    let addresses = [URL(string: "https://a.test")!, URL(string: "https://b.test")!]
    let host = PairedHost(id: "1", name: "Mac", addresses: addresses, fingerprint: nil, deviceId: "d")
    try await hosts.add(host, token: "secret-token")
    try await hosts.prefer(addresses[1], of: "1")
    let kept = try await HostStore(store: store, secrets: secrets).all()
    XCTAssertEqual(kept.map(\.addresses), [[addresses[1], addresses[0]]])
    let text = await store.value("hosts").map { String(decoding: $0, as: UTF8.self) }
    XCTAssertFalse(try XCTUnwrap(text).contains("secret-token"))
    let token = try await hosts.token(of: "1")
    XCTAssertEqual(token, "secret-token")
    try await hosts.remove("1")
    let gone = try await hosts.token(of: "1")
    XCTAssertNil(gone)
  }

  func testTheAddressThatAnswersFirstWins() async {
    let slow = URL(string: "http://slow.test")!
    let dead = URL(string: "http://dead.test")!
    let good = URL(string: "http://good.test")!
    let race = AddressRace(transport: FakeTransport(alive: [slow: 2, good: 0.01]))
    let found = await race.first(of: [dead, slow, good], trust: .system)
    XCTAssertEqual(found, good)
    let none = await AddressRace(transport: FakeTransport(alive: [:])).first(of: [dead, slow], trust: .system)
    XCTAssertNil(none)
  }
}

/// Answers `GET /health` after so many seconds, at the addresses that it knows.
struct FakeTransport: Transport {
  let alive: [URL: Double]

  func send(_ request: HTTPRequest, trust: ServerTrust) async throws -> HTTPResponse {
    guard let (_, delay) = alive.first(where: { $0.key.host == request.url.host }) else {
      throw TransportError.unreachable(detail: "dead")
    }
    try await Task.sleep(for: .seconds(delay))
    return HTTPResponse(status: 200, body: Data(#"{"status":"ok","version":"1","uptimeMs":1}"#.utf8))
  }

  func connect(to url: URL, protocols: [String], headers: [String: String], trust: ServerTrust) async throws
    -> any SocketConnection
  {
    throw TransportError.unreachable(detail: "no socket")
  }
}
