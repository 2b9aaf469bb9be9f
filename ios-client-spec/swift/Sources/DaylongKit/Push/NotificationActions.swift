import Foundation

/// The ids of categories and actions. They are part of the contract with the server, whose pushes name the categories.
public enum NotificationCategory: String, Sendable, CaseIterable {
  case reply = "REPLY"
  case permission = "PERMISSION"
  /// What will run was cut or holds hidden characters: it has to be looked at in the app, so there is no Allow.
  case permissionLook = "PERMISSION_LOOK"
  case question = "QUESTION"
  case form = "FORM"
  case expiring = "EXPIRING"
  case session = "SESSION"

  public var actions: [NotificationAction] {
    switch self {
    case .reply, .session: [.reply]
    case .permission: [.allow, .deny]
    case .permissionLook: [.deny]
    case .question: [.answer]
    case .form: []
    case .expiring: [.keepAlive, .recap]
    }
  }
}

public enum NotificationAction: String, Sendable, CaseIterable {
  case reply = "daylong.reply"
  case allow = "daylong.allow"
  case deny = "daylong.deny"
  case answer = "daylong.answer"
  case keepAlive = "daylong.keep-alive"
  case recap = "daylong.recap"

  /// Asks for words in the notification itself.
  public var takesText: Bool { self == .reply || self == .answer }
  /// The phone has to be unlocked: a stranger who holds it must not let Claude run something.
  public var needsUnlock: Bool { self == .allow || self == .answer || self == .reply }
  public var isDestructive: Bool { self == .deny }

  public var title: String {
    switch self {
    case .reply: "Reply"
    case .allow: "Allow once"
    case .deny: "Deny"
    case .answer: "Answer"
    case .keepAlive: "Keep alive"
    case .recap: "Recap"
    }
  }
}

/// Does what a notification's button says, without opening the app.
///
/// Every action may be done twice (iOS runs a handler again after a crash) and has its effect once: a reply's id is made from the
/// push, the same answer to a permission is one answer, and a keep-alive opens the term that is open already.
public struct NotificationActionHandler: Sendable {
  public enum Outcome: Sendable, Hashable {
    case done
    /// What was asked is over: answered elsewhere, timed out, or its session closed. Take the notification away.
    case over(detail: String)
    /// Nobody answered: the words are kept in the outbox, or the notification stays.
    case failed(detail: String)
  }

  private let rest: RestClient

  public init(rest: RestClient) { self.rest = rest }

  public func perform(_ action: NotificationAction, on subject: API.PushSubject, text: String? = nil) async -> Outcome {
    do {
      switch action {
      case .reply:
        guard let text, !text.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty else { return .done }
        _ = try await rest.chat(Self.reply(to: subject, text: text))
      case .allow: try await answer(subject, .init(decision: .allow, scope: .once))
      case .deny: try await answer(subject, .init(decision: .deny))
      case .answer:
        guard let text else { return .done }
        try await answerQuestion(subject, text)
      case .keepAlive: _ = try await rest.keepAlive(subject.sessionId)
      case .recap: _ = try await rest.recap(subject.sessionId)
      }
      return .done
    } catch let problem as ServerProblem where Self.isOver(problem.code) {
      return .over(detail: problem.detail)
    } catch let problem as ServerProblem {
      return .failed(detail: problem.detail)
    } catch {
      return .failed(detail: String(describing: error))
    }
  }

  /// A reply to a push, under an id that a second run of the handler finds again.
  static func reply(to subject: API.PushSubject, text: String) -> UnsentMessage {
    UnsentMessage(clientMessageId: "push-\(subject.cursor)", sessionId: subject.sessionId, message: text)
  }

  static func isOver(_ code: API.ErrorCode) -> Bool {
    [.permissionExpired, .permissionAlreadyResolved, .permissionNotFound, .sessionClosed, .sessionNotFound].contains(code)
  }

  private func answer(_ subject: API.PushSubject, _ answer: API.PostPermissionsByPermissionIdRequest) async throws {
    guard let permissionId = subject.permissionId else {
      throw ServerProblem(code: .permissionNotFound, status: 404, detail: "The push names no permission.")
    }
    _ = try await rest.answer(permissionId, answer)
  }

  /// One question takes the words as its answer; several have to be answered in the app.
  private func answerQuestion(_ subject: API.PushSubject, _ text: String) async throws {
    guard let permissionId = subject.permissionId else {
      throw ServerProblem(code: .permissionNotFound, status: 404, detail: "The push names no permission.")
    }
    let permission: API.Permission = try await rest.get("/api/permissions/\(RestClient.segment(permissionId))")
    guard let questions = permission.questions, questions.count == 1,
      let question = questions.first?["question"]?.string
    else {
      throw ServerProblem(code: .invalidAnswers, status: 400, detail: "Open Daylong: there is more than one question.")
    }
    _ = try await rest.answer(
      permissionId, .init(decision: .allow, answers: [question: .string(text)]))
  }
}
