import Foundation
import XCTest

@testable import DaylongKit

final class ModelTests: XCTestCase {
  func decode<T: Decodable>(_ type: T.Type, _ json: String) throws -> T {
    try JSONDecoder().decode(type, from: Data(json.utf8))
  }

  func testUnknownEventKeepsItsJSON() throws {
    let event = try decode(API.Event.self, #"{"cursor":1,"type":"moon.landed","at":2,"data":{"x":1}}"#)
    guard case .unknown(let type, let raw) = event else { return XCTFail("known: \(event)") }
    XCTAssertEqual(type, "moon.landed")
    XCTAssertEqual(raw["data"]?["x"]?.int, 1)
  }

  func testAnUnknownWordAndFieldAreTolerated() throws {
    let json = #"{"taskId":"t","kind":"dream","description":"d","state":"running","startedAt":1,"later":true}"#
    let task = try decode(API.Task.self, json)
    XCTAssertEqual(task.kind, .unknown("dream"))
  }

  func testNullAndAbsenceDiffer() throws {
    let absent = try decode(API.SessionUpdatedEvent.Data.self, "{}")
    XCTAssertNil(absent.model)
    let null = try decode(API.SessionUpdatedEvent.Data.self, #"{"model":null}"#)
    XCTAssertEqual(null.model, .null)
    let text = String(decoding: try JSONEncoder().encode(null), as: UTF8.self)
    XCTAssertEqual(text, #"{"model":null}"#)
  }

  func testAValueIsShownAsAPersonReadsIt() throws {
    XCTAssertEqual(JSONValue.string("rm -r dist").text, "rm -r dist")
    XCTAssertEqual(try decode(JSONValue.self, #"{"b":["x/y"],"a":1}"#).text, "{\n  \"a\" : 1,\n  \"b\" : [\n    \"x/y\"\n  ]\n}")
  }
}
