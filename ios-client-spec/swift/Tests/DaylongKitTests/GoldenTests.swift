import Foundation
import XCTest

@testable import DaylongKit

/// What real servers sent, of every version: none of it may be strange to the models, and encoding loses nothing of it.
final class GoldenTests: XCTestCase {
  /// The samples of a kind by their name, of all versions.
  private func samples(_ kind: String) throws -> [(name: String, json: JSONValue)] {
    let folder = specification.appending(path: "fixtures")
    let versions = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.hasDirectoryPath }
    XCTAssertFalse(versions.isEmpty)
    return try versions.flatMap { version in
      let data = try Data(contentsOf: version.appending(path: "\(kind).json"))
      return try JSONDecoder().decode([String: [JSONValue]].self, from: data).flatMap { name, all in
        all.map { (name, $0) }
      }
    }
  }

  func testEveryEventIsKnownAndKeptWhole() throws {
    let all = try samples("events")
    XCTAssertGreaterThan(all.count, 40)
    for (name, json) in all {
      let event = try JSONDecoder().decode(LoggedEvent.self, from: json.data)
      if case .unknown = event.event { XCTFail("unknown: \(name)") }
      XCTAssertEqual(event.envelope.type, name)
      let back = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(event))
      // Where nothing is `null`, the models write nothing: both are read the same.
      XCTAssertEqual(back.withoutNulls, json.withoutNulls, name)
      var state = TranscriptState()
      state.apply(event)
      XCTAssertEqual(state.lastCursor, event.envelope.cursor, name)
    }
  }

  func testEveryFrameAndProblemIsKnown() throws {
    for (name, json) in try samples("frames") {
      let frame = try JSONDecoder().decode(API.ServerFrame.self, from: json.data)
      if case .unknown = frame { XCTFail("unknown: \(name)") }
    }
    let problems = try samples("problems")
    XCTAssertGreaterThan(problems.count, 40)
    for (name, json) in problems {
      let problem = try JSONDecoder().decode(API.Problem.self, from: json.data)
      XCTAssertEqual(problem.code.rawValue, name)
      if case .unknown = problem.code { XCTFail("unknown: \(name)") }
    }
  }

  func testAnswersOfTheRoutesThatAnAppUses() throws {
    let decoders: [String: (Data) throws -> Void] = [
      "GET /api/sessions 200": { _ = try JSONDecoder().decode(API.GetSessionsResponse.self, from: $0) },
      "GET /api/sessions/{id} 200": { _ = try JSONDecoder().decode(API.Session.self, from: $0) },
      "GET /api/sessions/{id}/messages 200": {
        _ = try JSONDecoder().decode(API.GetSessionsByIdMessagesResponse.self, from: $0)
      },
      "GET /api/sessions/{id}/events 200": {
        let page = try JSONDecoder().decode(API.GetSessionsByIdEventsResponse.self, from: $0)
        for case .unknown(let type, _) in page.events { XCTFail("unknown: \(type)") }
      },
      "GET /api/permissions 200": { _ = try JSONDecoder().decode(API.GetPermissionsResponse.self, from: $0) },
      "POST /api/pair 201": { _ = try JSONDecoder().decode(API.PostPairResponse.self, from: $0) },
      "POST /api/sessions/keep-alive 200": {
        _ = try JSONDecoder().decode(API.PostSessionsKeepAliveResponse.self, from: $0)
      },
      "POST /api/chat 202": { _ = try JSONDecoder().decode(API.Accepted.self, from: $0) },
    ]
    let all = try samples("answers")
    for (route, read) in decoders {
      let found = all.filter { $0.name == route }
      XCTAssertFalse(found.isEmpty, "no sample of \(route)")
      for (_, json) in found {
        do { try read(json.data) } catch { XCTFail("\(route): \(error)") }
      }
    }
  }
}

extension JSONValue {
  fileprivate var withoutNulls: JSONValue {
    switch self {
    case .object(let fields): .object(fields.filter { $0.value != .null }.mapValues(\.withoutNulls))
    case .array(let items): .array(items.map(\.withoutNulls))
    default: self
    }
  }
}
