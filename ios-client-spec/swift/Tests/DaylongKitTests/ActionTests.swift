import Foundation
import XCTest

@testable import DaylongKit

/// Keeps the requests, and answers them by a rule.
final class RecordingTransport: Transport, @unchecked Sendable {
  private let lock = NSLock()
  private var kept: [HTTPRequest] = []
  private let rule: @Sendable (HTTPRequest) throws -> HTTPResponse

  init(_ rule: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse) { self.rule = rule }

  var requests: [HTTPRequest] { lock.withLock { kept } }

  func send(_ request: HTTPRequest, trust: ServerTrust) async throws -> HTTPResponse {
    lock.withLock { kept.append(request) }
    return try rule(request)
  }

  func connect(to url: URL, protocols: [String], headers: [String: String], trust: ServerTrust) async throws
    -> any SocketConnection
  {
    throw TransportError.unreachable(detail: "An action opens no socket.")
  }
}

final class ActionTests: XCTestCase {
  private let subject = API.PushSubject(
    v: 1, kind: .permission, cursor: 7, sessionId: "s", permissionId: "p/../x", truncated: false)

  private func handler(_ status: Int, _ body: String) -> (NotificationActionHandler, RecordingTransport) {
    let transport = RecordingTransport { _ in HTTPResponse(status: status, body: Data(body.utf8)) }
    let rest = RestClient(
      address: URL(string: "https://day.test")!, token: "t", trust: .system, transport: transport)
    return (NotificationActionHandler(rest: rest), transport)
  }

  private let accepted =
    #"{"success":true,"sessionId":"s","turnId":"t","clientMessageId":"push-7","requestId":"r","state":"running","queuePosition":0,"duplicate":false,"deliveryMethod":[],"expiresAt":1}"#
  private let resolved = #"{"permissionId":"p","state":"resolved","decision":"allow","scope":"once"}"#
  private let extended = #"{"success":true,"sessionId":"s","extended":true,"expiresAt":1}"#

  private func body(_ request: HTTPRequest?) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: try XCTUnwrap(request?.body))
  }

  func testActionsWithoutTheApp() async throws {
    let (allowing, first) = handler(200, resolved)
    let allowed = await allowing.perform(.allow, on: subject)
    XCTAssertEqual(allowed, .done)
    // An id that came in a push leads nowhere else.
    XCTAssertEqual(first.requests.first?.url.absoluteString, "https://day.test/api/permissions/p%2F%2E%2E%2Fx")
    XCTAssertEqual(try body(first.requests.first)["decision"]?.string, "allow")
    XCTAssertEqual(try body(first.requests.first)["scope"]?.string, "once")
    XCTAssertEqual(first.requests.first?.headers["Authorization"], "Bearer t")

    let (keeping, second) = handler(200, extended)
    let kept = await keeping.perform(.keepAlive, on: subject)
    XCTAssertEqual(kept, .done)
    XCTAssertEqual(try body(second.requests.first)["action"]?.string, "extend")
    let recapped = await keeping.perform(.recap, on: subject)
    XCTAssertEqual(recapped, .done)
    XCTAssertEqual(try body(second.requests.last)["action"]?.string, "recap")
  }

  func testAReplyThatIsSentTwiceIsOneMessage() async throws {
    let (handler, transport) = handler(202, accepted)
    for _ in 0..<2 {
      let outcome = await handler.perform(.reply, on: subject, text: "Yes, go on")
      XCTAssertEqual(outcome, .done)
    }
    let ids = try transport.requests.map { try body($0)["clientMessageId"]?.string }
    XCTAssertEqual(ids, ["push-7", "push-7"])
    let empty = await handler.perform(.reply, on: subject, text: "  ")
    XCTAssertEqual(empty, .done)
    XCTAssertEqual(transport.requests.count, 2)
  }

  func testAnActionWhoseSubjectIsOver() async {
    for code in ["permission_expired", "permission_already_resolved", "permission_not_found"] {
      let (handler, _) = handler(
        410, #"{"type":"t","title":"t","status":410,"code":"\#(code)","detail":"It is over.","requestId":"r"}"#)
      let outcome = await handler.perform(.deny, on: subject)
      XCTAssertEqual(outcome, .over(detail: "It is over."), code)
    }
    let (busy, _) = handler(
      503, #"{"type":"t","title":"t","status":503,"code":"pool_full","detail":"Full.","requestId":"r"}"#)
    let outcome = await busy.perform(.keepAlive, on: subject)
    XCTAssertEqual(outcome, .failed(detail: "Full."))
  }

  func testAQuestionTakesWordsWhenThereIsOne() async throws {
    let question = #"{"question":"Which colour?","header":"Colour","options":[]}"#
    func permission(_ questions: String) -> String {
      #"{"permissionId":"p","sessionId":"s","turnId":"t","kind":"question","toolName":"AskUserQuestion","title":"Q","input":{},"questions":[\#(questions)],"suggestions":[],"scopes":[],"lookFirst":false,"truncated":false,"requestedAt":1,"expiresAt":2,"state":"open"}"#
    }
    let one = permission(question)
    let answer = resolved
    let transport = RecordingTransport { request in
      HTTPResponse(status: 200, body: Data((request.method == "GET" ? one : answer).utf8))
    }
    let rest = RestClient(address: URL(string: "https://day.test")!, token: "t", trust: .system, transport: transport)
    let outcome = await NotificationActionHandler(rest: rest).perform(.answer, on: subject, text: "Blue")
    XCTAssertEqual(outcome, .done)
    XCTAssertEqual(try body(transport.requests.last)["answers"]?["Which colour?"]?.string, "Blue")
    let (several, _) = handler(200, permission("\(question),\(question)"))
    let refused = await several.perform(.answer, on: subject, text: "Blue")
    guard case .failed = refused else { return XCTFail("\(refused)") }
  }

  func testActionsThatLetClaudeGoOnNeedAnUnlockedPhone() {
    XCTAssertEqual(NotificationAction.allCases.filter(\.needsUnlock), [.reply, .allow, .answer])
  }

  func testTheIdsOfCategoriesAndActions() throws {
    XCTAssertEqual(
      NotificationAction.allCases.map(\.rawValue),
      ["daylong.reply", "daylong.allow", "daylong.deny", "daylong.answer", "daylong.keep-alive", "daylong.recap"])
    // Every category that a server may name has its buttons here.
    XCTAssertEqual(
      Set(NotificationCategory.allCases.map(\.rawValue)), Set(API.AlertPush.Aps.Category.known.map(\.rawValue)))
  }
}
