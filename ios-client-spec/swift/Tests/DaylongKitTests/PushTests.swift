import Foundation
import XCTest

@testable import DaylongKit

/// Pushes as the server builds them: the fixtures are compared with its own output in its tests.
final class PushTests: XCTestCase {
  func testEveryKindOfAlertIsRead() throws {
    let alerts = try XCTUnwrap(try fixture("pushes")["alerts"]).array
    XCTAssertGreaterThan(alerts.count, 12)
    for alert in alerts {
      let name = try XCTUnwrap(alert["name"]?.string)
      let payload = try PushPayload(json: try XCTUnwrap(alert["payload"]).data, key: nil)
      guard case .alert(let subject, let title, _, let body, let category, let badge) = payload else {
        return XCTFail("\(name): \(payload)")
      }
      XCTAssertEqual(subject.kind.rawValue, name.replacingOccurrences(of: ", cut", with: ""))
      // Equality of words is by their text: the case itself says whether the word is known.
      if case .unknown(let word) = subject.kind { XCTFail("unknown kind \(word)") }
      XCTAssertEqual(title, "api-server")
      XCTAssertFalse(body.isEmpty)
      XCTAssertNotNil(NotificationCategory(rawValue: category), category)
      XCTAssertEqual(badge, 3)
      XCTAssertEqual(subject.truncated, name.hasSuffix(", cut"))
    }
  }

  func testACutPermissionHasNoAllow() throws {
    let alerts = try XCTUnwrap(try fixture("pushes")["alerts"]).array
    let cut = try XCTUnwrap(alerts.first { $0["name"]?.string == "permission, cut" })
    guard case .alert(_, _, _, _, let category, _) = try PushPayload(json: cut["payload"]!.data, key: nil) else {
      return XCTFail("no alert")
    }
    XCTAssertEqual(NotificationCategory(rawValue: category)?.actions, [.deny])
  }

  func testASealedPushOpensWithItsKeyOnly() async throws {
    let pushes = try fixture("pushes")
    let key = try XCTUnwrap(Data(base64Encoded: pushes["key"]!.string!))
    let sealed = try pushes["sealed"]!.data
    XCTAssertThrowsError(try PushPayload(json: sealed, key: nil)) { XCTAssertEqual($0 as? PushPayload.Fault, .noKey) }
    XCTAssertThrowsError(try PushPayload(json: sealed, key: Data(repeating: 1, count: 32))) {
      XCTAssertEqual($0 as? PushCipher.Fault, .notAuthentic)
    }
    let content = await NotificationContentBuilder(key: key).content(for: sealed)
    XCTAssertEqual(content.body, "Done: 12 tests “pass” now. ✅")
    XCTAssertEqual(content.threadId, "11111111-1111-4111-8111-111111111111")
    let closed = await NotificationContentBuilder(key: nil).content(for: sealed)
    XCTAssertEqual(closed.body, NotificationContent.fallbackBody)
  }

  func testTheVectorsOfEncryptedPushes() throws {
    let vectors = try XCTUnwrap(try fixture("encrypted-pushes")["vectors"]).array
    XCTAssertGreaterThan(vectors.count, 0)
    for vector in vectors {
      let key = try XCTUnwrap(Data(base64Encoded: vector["key"]!.string!))
      let opened = try PushCipher.open(vector["sealed"]!.string!, key: key)
      XCTAssertEqual(String(decoding: opened, as: UTF8.self), vector["plaintext"]?.string)
      var changed = try XCTUnwrap(Data(base64Encoded: vector["sealed"]!.string!))
      changed[20] ^= 1
      XCTAssertThrowsError(try PushCipher.open(changed.base64EncodedString(), key: key))
    }
  }

  func testTheReadStateAndLiveActivities() throws {
    let pushes = try fixture("pushes")
    XCTAssertEqual(try PushPayload(json: pushes["sync"]!.data, key: nil), .sync(cursor: 43, unread: 0))
    for activity in pushes["activities"]!.array {
      let push = try JSONDecoder().decode(API.LiveActivityPush.self, from: activity["payload"]!.data)
      XCTAssertEqual(push.aps.contentState.state, .running)
    }
  }

  func testAPushOfANewerServerIsShownAsItIs() async throws {
    let json = Data(#"{"aps":{"alert":{"title":"T","body":"B"},"later":1},"daylong":{"v":9,"what":2}}"#.utf8)
    XCTAssertEqual(try PushPayload(json: json, key: nil), .unknown)
    let content = await NotificationContentBuilder(key: nil).content(for: json)
    XCTAssertEqual(content.title, "Daylong")
    let kind = Data(
      #"{"aps":{"alert":{"title":"T","body":"B"},"badge":1,"sound":"default","thread-id":"s","category":"MOON","interruption-level":"loud","mutable-content":1},"daylong":{"v":1,"kind":"moon","cursor":1,"sessionId":"s","truncated":false}}"#
        .utf8)
    guard case .alert(let subject, _, _, let body, _, _) = try PushPayload(json: kind, key: nil) else { return XCTFail("no alert") }
    XCTAssertEqual(subject.kind, .unknown("moon"))
    XCTAssertEqual(body, "B")
  }

  func testTheWholeTextOfACutReplyIsFetchedWithinItsTime() async throws {
    let json = Data(
      #"{"aps":{"alert":{"title":"T","body":"Beg"},"badge":1,"sound":"default","thread-id":"s","category":"REPLY","interruption-level":"active","mutable-content":1},"daylong":{"v":1,"kind":"reply","cursor":1,"sessionId":"s","messageId":"m","truncated":true}}"#
        .utf8)
    let whole = await NotificationContentBuilder(key: nil) { id in "Begin of \(id) and its end" }.content(for: json)
    XCTAssertEqual(whole.body, "Begin of m and its end")
    let failing = await NotificationContentBuilder(key: nil) { _ in throw TransportError.timedOut }.content(for: json)
    XCTAssertEqual(failing.body, "Beg")
  }
}
