import Foundation
import XCTest

@testable import DaylongKit

/// The folder of the specification, which the tests' fixtures are in.
let specification = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

func fixture(_ name: String) throws -> [String: JSONValue] {
  let data = try Data(contentsOf: specification.appending(path: "fixtures/\(name).json"))
  return try JSONDecoder().decode([String: JSONValue].self, from: data)
}

func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
  try JSONDecoder().decode(type, from: Data(json.utf8))
}

func logged(_ json: String) throws -> LoggedEvent { try decode(LoggedEvent.self, json) }

extension JSONValue {
  var data: Data { get throws { try JSONEncoder().encode(self) } }
  var array: [JSONValue] { if case .array(let items) = self { items } else { [] } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
}

/// A sink that keeps what it gets, and can be told to fail.
actor RecordingSink: EventSink {
  private(set) var events: [LoggedEvent] = []
  private(set) var gaps: [Position] = []
  private var failAt: Int?

  func fail(at cursor: Int?) { failAt = cursor }

  func apply(_ event: LoggedEvent) async throws {
    if event.envelope.cursor == failAt {
      failAt = nil
      throw CocoaError(.fileWriteOutOfSpace)
    }
    events.append(event)
  }

  func startOver(at position: Position) async throws {
    gaps.append(position)
    events.removeAll()
  }

  var texts: [String] {
    events.compactMap { if case .message(let event) = $0.event { event.data.text } else { nil } }
  }
}

/// Waits until `check` gives a value; fails the test after `seconds`.
func eventually<Value: Sendable>(
  _ what: String, within seconds: Double = 60, isolation: isolated (any Actor)? = #isolation, _ check: () async throws -> Value?
) async throws -> Value {
  let end = ContinuousClock.now + .seconds(seconds)
  while ContinuousClock.now < end {
    if let value = try await check() { return value }
    try await Task.sleep(for: .milliseconds(20))
  }
  throw XCTestFailure("Not within \(seconds) s: \(what)")
}

struct XCTestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A real Daylong server beside the tests, with the real CLI and the demo model.
struct TestServer: Sendable {
  let id: String
  let url: URL
  let project: String

  private static var control: URL {
    get throws {
      guard let text = ProcessInfo.processInfo.environment["DAYLONG_CONTROL"], let url = URL(string: text) else {
        throw XCTestFailure("DAYLONG_CONTROL is not set: run the tests by scripts/test-swift.")
      }
      return url
    }
  }

  private static func order(_ path: String, _ body: [String: JSONValue]) async throws -> JSONValue {
    let request = HTTPRequest(
      method: "POST", url: try control.appending(path: path), headers: ["Content-Type": "application/json"],
      body: try JSONEncoder().encode(body), timeout: 90)
    let answer = try await LinuxTransport().send(request, trust: .system)
    guard answer.status == 200 else { throw XCTestFailure(String(decoding: answer.body, as: UTF8.self)) }
    return try JSONDecoder().decode(JSONValue.self, from: answer.body)
  }

  static func start(tls: Bool = false, settings: [String: String] = [:]) async throws -> TestServer {
    let answer = try await order(
      "start", ["tls": .bool(tls), "settings": .object(settings.mapValues { .string($0) })])
    return TestServer(
      id: answer["id"]!.string!, url: URL(string: answer["url"]!.string!)!, project: answer["project"]!.string!)
  }

  func kill() async throws { _ = try await Self.order("kill", ["id": .string(id)]) }
  func restart() async throws { _ = try await Self.order("restart", ["id": .string(id)]) }

  @discardableResult
  func admin(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
    var order: [String: JSONValue] = ["id": .string(id), "method": .string(method), "path": .string(path)]
    order["body"] = body
    return try await Self.order("ask", order)
  }

  func pairingLink() async throws -> PairingLink {
    let pairing = try await admin("POST", "/api/pairing-codes", .object(["scope": .string("chat")]))
    return try PairingLink(pairing["url"]!.string!)
  }

  func pair() async throws -> (host: PairedHost, token: String) {
    try await RestClient.pair(try await pairingLink(), deviceName: "Swift test", transport: LinuxTransport())
  }
}
