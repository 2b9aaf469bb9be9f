// Written by scripts/client-types from the OpenAPI and AsyncAPI documents that the server serves: do not edit it here.
// A server may be newer than this file. Unknown fields are passed over, an unknown value of an enumeration is its case
// `unknown`, and an unknown or changed member of a union keeps its JSON: none of them fails decoding.

extension API {
  public struct Accepted: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String
    public var turnId: String
    public var clientMessageId: String
    public var state: API.TurnState
    public var queuePosition: Int
    public var duplicate: Bool
    public var expiresAt: Int
    public var requestId: String
    /// How news will reach the device now.
    public var deliveryMethod: [String]
    /// Why the deviceToken was not registered.
    public var pushWarning: String?

    public init(success: Bool = true, sessionId: String, turnId: String, clientMessageId: String, state: API.TurnState, queuePosition: Int, duplicate: Bool, expiresAt: Int, requestId: String, deliveryMethod: [String], pushWarning: String? = nil) {
      self.success = success
      self.sessionId = sessionId
      self.turnId = turnId
      self.clientMessageId = clientMessageId
      self.state = state
      self.queuePosition = queuePosition
      self.duplicate = duplicate
      self.expiresAt = expiresAt
      self.requestId = requestId
      self.deliveryMethod = deliveryMethod
      self.pushWarning = pushWarning
    }
  }

  /// The answer to send: the message is kept and ends in one reply or one failure.
  public struct AcceptedFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var sessionId: String
    public var turnId: String
    public var clientMessageId: String
    public var state: API.TurnState
    public var queuePosition: Int
    public var duplicate: Bool
    public var expiresAt: Int

    public init(type: String = "accepted", ref: String? = nil, sessionId: String, turnId: String, clientMessageId: String, state: API.TurnState, queuePosition: Int, duplicate: Bool, expiresAt: Int) {
      self.type = type
      self.ref = ref
      self.sessionId = sessionId
      self.turnId = turnId
      self.clientMessageId = clientMessageId
      self.state = state
      self.queuePosition = queuePosition
      self.duplicate = duplicate
      self.expiresAt = expiresAt
    }
  }

  /// Say that the device holds everything up to a cursor.
  public struct AckFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var cursor: Int

    public init(type: String = "ack", ref: String? = nil, cursor: Int) {
      self.type = type
      self.ref = ref
      self.cursor = cursor
    }
  }

  /// What Claude does now. Never stored.
  public enum ActivityFrame: Codable, Sendable, Hashable {
    case thinking(Thinking)
    case tool(Tool)
    case task(Task)
    case compacting(Compacting)
    case retrying(Retrying)
    /// A member that this version does not know, or one whose fields have changed; `type` is its `kind`.
    case unknown(type: String, raw: JSONValue)

    enum TagKeys: String, CodingKey { case tag = "kind" }

    public init(from decoder: any Decoder) throws {
      let tag = try decoder.container(keyedBy: TagKeys.self).decodeIfPresent(String.self, forKey: .tag)
      switch tag {
      case "thinking":
        if let value = try? Thinking(from: decoder) { self = .thinking(value); return }
      case "tool":
        if let value = try? Tool(from: decoder) { self = .tool(value); return }
      case "task":
        if let value = try? Task(from: decoder) { self = .task(value); return }
      case "compacting":
        if let value = try? Compacting(from: decoder) { self = .compacting(value); return }
      case "retrying":
        if let value = try? Retrying(from: decoder) { self = .retrying(value); return }
      default: break
      }
      self = .unknown(type: tag ?? "", raw: try JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
      switch self {
      case .thinking(let value): try value.encode(to: encoder)
      case .tool(let value): try value.encode(to: encoder)
      case .task(let value): try value.encode(to: encoder)
      case .compacting(let value): try value.encode(to: encoder)
      case .retrying(let value): try value.encode(to: encoder)
      case .unknown(_, let raw): try raw.encode(to: encoder)
      }
    }

    public struct Thinking: Codable, Sendable, Hashable {
      public var type: String
      public var sessionId: String
      public var turnId: String
      public var kind: String

      public init(type: String = "activity", sessionId: String, turnId: String, kind: String = "thinking") {
        self.type = type
        self.sessionId = sessionId
        self.turnId = turnId
        self.kind = kind
      }
    }

    public struct Tool: Codable, Sendable, Hashable {
      public var type: String
      public var sessionId: String
      public var turnId: String
      public var kind: String
      public var toolName: String
      public var title: String
      public var agent: API.Agent?

      public init(type: String = "activity", sessionId: String, turnId: String, kind: String = "tool", toolName: String, title: String, agent: API.Agent? = nil) {
        self.type = type
        self.sessionId = sessionId
        self.turnId = turnId
        self.kind = kind
        self.toolName = toolName
        self.title = title
        self.agent = agent
      }
    }

    public struct Task: Codable, Sendable, Hashable {
      public var type: String
      public var sessionId: String
      public var turnId: String
      public var kind: String
      public var taskId: String
      public var text: String?

      public init(type: String = "activity", sessionId: String, turnId: String, kind: String = "task", taskId: String, text: String? = nil) {
        self.type = type
        self.sessionId = sessionId
        self.turnId = turnId
        self.kind = kind
        self.taskId = taskId
        self.text = text
      }
    }

    public struct Compacting: Codable, Sendable, Hashable {
      public var type: String
      public var sessionId: String
      public var turnId: String
      public var kind: String

      public init(type: String = "activity", sessionId: String, turnId: String, kind: String = "compacting") {
        self.type = type
        self.sessionId = sessionId
        self.turnId = turnId
        self.kind = kind
      }
    }

    public struct Retrying: Codable, Sendable, Hashable {
      public var type: String
      public var sessionId: String
      public var turnId: String
      public var kind: String
      public var attempt: Int
      public var reason: Reason
      /// When the failed request is tried again.
      public var nextAt: Int

      public init(type: String = "activity", sessionId: String, turnId: String, kind: String = "retrying", attempt: Int, reason: Reason, nextAt: Int) {
        self.type = type
        self.sessionId = sessionId
        self.turnId = turnId
        self.kind = kind
        self.attempt = attempt
        self.reason = reason
        self.nextAt = nextAt
      }

      public enum Reason: OpenEnum {
        case noConnection
        case overloaded
        case serverError
        case rateLimit
        case login
        case other
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "no_connection": self = .noConnection
          case "overloaded": self = .overloaded
          case "server_error": self = .serverError
          case "rate_limit": self = .rateLimit
          case "login": self = .login
          case "other": self = .other
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .noConnection: "no_connection"
          case .overloaded: "overloaded"
          case .serverError: "server_error"
          case .rateLimit: "rate_limit"
          case .login: "login"
          case .other: "other"
          case .unknown(let word): word
          }
        }

        public static let known: [Reason] = [.noConnection, .overloaded, .serverError, .rateLimit, .login, .other]
      }
    }
  }

  public struct Agent: Codable, Sendable, Hashable {
    public var agentId: String
    public var type: String?
    public var description: String?

    public init(agentId: String, type: String? = nil, description: String? = nil) {
      self.agentId = agentId
      self.type = type
      self.description = description
    }
  }

  public struct AgentMessageEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "agent.message", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var agent: API.Agent
      public var text: String

      public init(agent: API.Agent, text: String) {
        self.agent = agent
        self.text = text
      }
    }
  }

  public struct AlertPush: Codable, Sendable, Hashable {
    public var aps: Aps
    public var daylong: Daylong

    public init(aps: Aps, daylong: Daylong) {
      self.aps = aps
      self.daylong = daylong
    }

    public struct Aps: Codable, Sendable, Hashable {
      public var alert: Alert
      public var badge: Int
      public var sound: String
      /// The session's id.
      public var threadId: String
      public var category: Category
      public var interruptionLevel: InterruptionLevel
      public var mutableContent: Double

      public init(alert: Alert, badge: Int, sound: String, threadId: String, category: Category, interruptionLevel: InterruptionLevel, mutableContent: Double = 1) {
        self.alert = alert
        self.badge = badge
        self.sound = sound
        self.threadId = threadId
        self.category = category
        self.interruptionLevel = interruptionLevel
        self.mutableContent = mutableContent
      }

      enum CodingKeys: String, CodingKey {
        case alert
        case badge
        case sound
        case threadId = "thread-id"
        case category
        case interruptionLevel = "interruption-level"
        case mutableContent = "mutable-content"
      }

      public struct Alert: Codable, Sendable, Hashable {
        public var title: String
        public var subtitle: String?
        public var body: String

        public init(title: String, subtitle: String? = nil, body: String) {
          self.title = title
          self.subtitle = subtitle
          self.body = body
        }
      }

      public enum Category: OpenEnum {
        case rEPLY
        case pERMISSION
        case pERMISSIONLOOK
        case qUESTION
        case fORM
        case eXPIRING
        case sESSION
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "REPLY": self = .rEPLY
          case "PERMISSION": self = .pERMISSION
          case "PERMISSION_LOOK": self = .pERMISSIONLOOK
          case "QUESTION": self = .qUESTION
          case "FORM": self = .fORM
          case "EXPIRING": self = .eXPIRING
          case "SESSION": self = .sESSION
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .rEPLY: "REPLY"
          case .pERMISSION: "PERMISSION"
          case .pERMISSIONLOOK: "PERMISSION_LOOK"
          case .qUESTION: "QUESTION"
          case .fORM: "FORM"
          case .eXPIRING: "EXPIRING"
          case .sESSION: "SESSION"
          case .unknown(let word): word
          }
        }

        public static let known: [Category] = [.rEPLY, .pERMISSION, .pERMISSIONLOOK, .qUESTION, .fORM, .eXPIRING, .sESSION]
      }

      public enum InterruptionLevel: OpenEnum {
        case passive
        case active
        case timeSensitive
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "passive": self = .passive
          case "active": self = .active
          case "time-sensitive": self = .timeSensitive
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .passive: "passive"
          case .active: "active"
          case .timeSensitive: "time-sensitive"
          case .unknown(let word): word
          }
        }

        public static let known: [InterruptionLevel] = [.passive, .active, .timeSensitive]
      }
    }

    public struct Daylong: Codable, Sendable, Hashable {
      /// The version of this object: 1.
      public var v: Int
      /// A newer server may send others: show the alert as it is.
      public var kind: Kind?
      /// Of the event that the push is about.
      public var cursor: Int?
      public var sessionId: String?
      public var turnId: String?
      /// GET /api/messages/:messageId has the whole text.
      public var messageId: String?
      public var permissionId: String?
      /// When the subject ends: a permission, a lease.
      public var expiresAt: Int?
      /// The alert shows less than there is: fetch before acting.
      public var truncated: Bool?
      /// base64(nonce of 12 bytes, AES-256-GCM ciphertext, tag of 16 bytes).
      public var enc: String?

      public init(v: Int, kind: Kind? = nil, cursor: Int? = nil, sessionId: String? = nil, turnId: String? = nil, messageId: String? = nil, permissionId: String? = nil, expiresAt: Int? = nil, truncated: Bool? = nil, enc: String? = nil) {
        self.v = v
        self.kind = kind
        self.cursor = cursor
        self.sessionId = sessionId
        self.turnId = turnId
        self.messageId = messageId
        self.permissionId = permissionId
        self.expiresAt = expiresAt
        self.truncated = truncated
        self.enc = enc
      }

      public enum Kind: OpenEnum {
        case reply
        case failed
        case permission
        case question
        case plan
        case form
        case expiring
        case expired
        case crashed
        case notice
        case limit
        case login
        case resource
        case task
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "reply": self = .reply
          case "failed": self = .failed
          case "permission": self = .permission
          case "question": self = .question
          case "plan": self = .plan
          case "form": self = .form
          case "expiring": self = .expiring
          case "expired": self = .expired
          case "crashed": self = .crashed
          case "notice": self = .notice
          case "limit": self = .limit
          case "login": self = .login
          case "resource": self = .resource
          case "task": self = .task
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .reply: "reply"
          case .failed: "failed"
          case .permission: "permission"
          case .question: "question"
          case .plan: "plan"
          case .form: "form"
          case .expiring: "expiring"
          case .expired: "expired"
          case .crashed: "crashed"
          case .notice: "notice"
          case .limit: "limit"
          case .login: "login"
          case .resource: "resource"
          case .task: "task"
          case .unknown(let word): word
          }
        }

        public static let known: [Kind] = [.reply, .failed, .permission, .question, .plan, .form, .expiring, .expired, .crashed, .notice, .limit, .login, .resource, .task]
      }
    }
  }

  public struct ChangedFile: Codable, Sendable, Hashable {
    /// Relative to the project's directory; bytes that are not UTF-8 as \xNN.
    public var path: String
    public var state: State
    public var oldPath: String?
    public var insertions: Int?
    public var deletions: Int?
    public var binary: Bool
    /// A filter of git's stands before the file: it is not run, so nothing is compared.
    public var filtered: Bool?

    public init(path: String, state: State, oldPath: String? = nil, insertions: Int? = nil, deletions: Int? = nil, binary: Bool, filtered: Bool? = nil) {
      self.path = path
      self.state = state
      self.oldPath = oldPath
      self.insertions = insertions
      self.deletions = deletions
      self.binary = binary
      self.filtered = filtered
    }

    public enum State: OpenEnum {
      case added
      case modified
      case deleted
      case renamed
      case untracked
      case conflicted
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "added": self = .added
        case "modified": self = .modified
        case "deleted": self = .deleted
        case "renamed": self = .renamed
        case "untracked": self = .untracked
        case "conflicted": self = .conflicted
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .added: "added"
        case .modified: "modified"
        case .deleted: "deleted"
        case .renamed: "renamed"
        case .untracked: "untracked"
        case .conflicted: "conflicted"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.added, .modified, .deleted, .renamed, .untracked, .conflicted]
    }
  }

  public struct Changes: Codable, Sendable, Hashable {
    public var isRepository: Bool
    /// Why there is no repository.
    public var reason: Reason?
    /// Absent when HEAD is detached.
    public var branch: String?
    public var upstream: Upstream?
    public var files: [API.ChangedFile]
    public var truncated: Bool

    public init(isRepository: Bool, reason: Reason? = nil, branch: String? = nil, upstream: Upstream? = nil, files: [API.ChangedFile], truncated: Bool) {
      self.isRepository = isRepository
      self.reason = reason
      self.branch = branch
      self.upstream = upstream
      self.files = files
      self.truncated = truncated
    }

    public enum Reason: OpenEnum {
      case noGit
      case notARepository
      case refused
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "no_git": self = .noGit
        case "not_a_repository": self = .notARepository
        case "refused": self = .refused
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .noGit: "no_git"
        case .notARepository: "not_a_repository"
        case .refused: "refused"
        case .unknown(let word): word
        }
      }

      public static let known: [Reason] = [.noGit, .notARepository, .refused]
    }

    public struct Upstream: Codable, Sendable, Hashable {
      public var ahead: Int
      public var behind: Int

      public init(ahead: Int, behind: Int) {
        self.ahead = ahead
        self.behind = behind
      }
    }
  }

  public struct ChatCompletion: Codable, Sendable, Hashable {
    public var object: String
    public var id: String
    public var created: Int
    public var model: String
    public var conversationId: String
    public var choices: [Choice]
    public var usage: API.CompletionUsage

    public init(object: String = "chat.completion", id: String, created: Int, model: String, conversationId: String, choices: [Choice], usage: API.CompletionUsage) {
      self.object = object
      self.id = id
      self.created = created
      self.model = model
      self.conversationId = conversationId
      self.choices = choices
      self.usage = usage
    }

    enum CodingKeys: String, CodingKey {
      case object
      case id
      case created
      case model
      case conversationId = "conversation_id"
      case choices
      case usage
    }

    public struct Choice: Codable, Sendable, Hashable {
      public var index: Int
      public var message: Message
      public var logprobs: JSONValue
      public var finishReason: FinishReason

      public init(index: Int, message: Message, logprobs: JSONValue, finishReason: FinishReason) {
        self.index = index
        self.message = message
        self.logprobs = logprobs
        self.finishReason = finishReason
      }

      enum CodingKeys: String, CodingKey {
        case index
        case message
        case logprobs
        case finishReason = "finish_reason"
      }

      public struct Message: Codable, Sendable, Hashable {
        public var role: String
        public var content: String
        public var refusal: JSONValue

        public init(role: String = "assistant", content: String, refusal: JSONValue) {
          self.role = role
          self.content = content
          self.refusal = refusal
        }
      }

      public enum FinishReason: OpenEnum {
        case stop
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "stop": self = .stop
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .stop: "stop"
          case .unknown(let word): word
          }
        }

        public static let known: [FinishReason] = [.stop]
      }
    }
  }

  public struct ChatCompletionChunk: Codable, Sendable, Hashable {
    public var object: String
    public var id: String
    public var created: Int
    public var model: String
    public var conversationId: String
    public var choices: [Choice]
    public var usage: Nullable<API.CompletionUsage>?

    public init(object: String = "chat.completion.chunk", id: String, created: Int, model: String, conversationId: String, choices: [Choice], usage: Nullable<API.CompletionUsage>? = nil) {
      self.object = object
      self.id = id
      self.created = created
      self.model = model
      self.conversationId = conversationId
      self.choices = choices
      self.usage = usage
    }

    enum CodingKeys: String, CodingKey {
      case object
      case id
      case created
      case model
      case conversationId = "conversation_id"
      case choices
      case usage
    }

    public struct Choice: Codable, Sendable, Hashable {
      public var index: Int
      public var delta: Delta
      public var logprobs: JSONValue
      public var finishReason: FinishReason?

      public init(index: Int, delta: Delta, logprobs: JSONValue, finishReason: FinishReason? = nil) {
        self.index = index
        self.delta = delta
        self.logprobs = logprobs
        self.finishReason = finishReason
      }

      enum CodingKeys: String, CodingKey {
        case index
        case delta
        case logprobs
        case finishReason = "finish_reason"
      }

      public struct Delta: Codable, Sendable, Hashable {
        public var role: String?
        public var content: String?

        public init(role: String? = nil, content: String? = nil) {
          self.role = role
          self.content = content
        }
      }

      public enum FinishReason: OpenEnum {
        case stop
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "stop": self = .stop
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .stop: "stop"
          case .unknown(let word): word
          }
        }

        public static let known: [FinishReason] = [.stop]
      }
    }
  }

  public enum ClientFrame: Codable, Sendable, Hashable {
    case hello(API.HelloFrame)
    case send(API.SendFrame)
    case ack(API.AckFrame)
    case permission(API.PermissionFrame)
    case interrupt(API.InterruptFrame)
    case keepalive(API.KeepaliveFrame)
    case presence(API.PresenceFrame)
    case ping(API.PingFrame)
    /// A member that this version does not know, or one whose fields have changed; `type` is its `type`.
    case unknown(type: String, raw: JSONValue)

    enum TagKeys: String, CodingKey { case tag = "type" }

    public init(from decoder: any Decoder) throws {
      let tag = try decoder.container(keyedBy: TagKeys.self).decodeIfPresent(String.self, forKey: .tag)
      switch tag {
      case "hello":
        if let value = try? API.HelloFrame(from: decoder) { self = .hello(value); return }
      case "send":
        if let value = try? API.SendFrame(from: decoder) { self = .send(value); return }
      case "ack":
        if let value = try? API.AckFrame(from: decoder) { self = .ack(value); return }
      case "permission":
        if let value = try? API.PermissionFrame(from: decoder) { self = .permission(value); return }
      case "interrupt":
        if let value = try? API.InterruptFrame(from: decoder) { self = .interrupt(value); return }
      case "keepalive":
        if let value = try? API.KeepaliveFrame(from: decoder) { self = .keepalive(value); return }
      case "presence":
        if let value = try? API.PresenceFrame(from: decoder) { self = .presence(value); return }
      case "ping":
        if let value = try? API.PingFrame(from: decoder) { self = .ping(value); return }
      default: break
      }
      self = .unknown(type: tag ?? "", raw: try JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
      switch self {
      case .hello(let value): try value.encode(to: encoder)
      case .send(let value): try value.encode(to: encoder)
      case .ack(let value): try value.encode(to: encoder)
      case .permission(let value): try value.encode(to: encoder)
      case .interrupt(let value): try value.encode(to: encoder)
      case .keepalive(let value): try value.encode(to: encoder)
      case .presence(let value): try value.encode(to: encoder)
      case .ping(let value): try value.encode(to: encoder)
      case .unknown(_, let raw): try raw.encode(to: encoder)
      }
    }
  }

  public struct Command: Codable, Sendable, Hashable {
    /// Without the slash.
    public var name: String
    public var description: String
    public var argumentHint: String
    public var aliases: [String]
    /// Claude Code's own.
    public var builtin: Bool

    public init(name: String, description: String, argumentHint: String, aliases: [String], builtin: Bool) {
      self.name = name
      self.description = description
      self.argumentHint = argumentHint
      self.aliases = aliases
      self.builtin = builtin
    }
  }

  public struct CompletionUsage: Codable, Sendable, Hashable {
    public var promptTokens: Int
    public var completionTokens: Int
    public var totalTokens: Int
    public var promptTokensDetails: PromptTokensDetails

    public init(promptTokens: Int, completionTokens: Int, totalTokens: Int, promptTokensDetails: PromptTokensDetails) {
      self.promptTokens = promptTokens
      self.completionTokens = completionTokens
      self.totalTokens = totalTokens
      self.promptTokensDetails = promptTokensDetails
    }

    enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
      case totalTokens = "total_tokens"
      case promptTokensDetails = "prompt_tokens_details"
    }

    public struct PromptTokensDetails: Codable, Sendable, Hashable {
      public var cachedTokens: Int

      public init(cachedTokens: Int) {
        self.cachedTokens = cachedTokens
      }

      enum CodingKeys: String, CodingKey {
        case cachedTokens = "cached_tokens"
      }
    }
  }

  public struct ContextFill: Codable, Sendable, Hashable {
    public var usedTokens: Int
    public var windowTokens: Int
    public var percent: Int

    public init(usedTokens: Int, windowTokens: Int, percent: Int) {
      self.usedTokens = usedTokens
      self.windowTokens = windowTokens
      self.percent = percent
    }
  }

  public struct Conversation: Codable, Sendable, Hashable {
    public var id: String
    public var object: String
    public var createdAt: Int
    public var lastActivityAt: Int
    public var sessionId: String
    public var title: String
    public var state: API.SessionState
    public var model: String
    public var projectPath: String
    public var turnCount: Int

    public init(id: String, object: String = "conversation", createdAt: Int, lastActivityAt: Int, sessionId: String, title: String, state: API.SessionState, model: String, projectPath: String, turnCount: Int) {
      self.id = id
      self.object = object
      self.createdAt = createdAt
      self.lastActivityAt = lastActivityAt
      self.sessionId = sessionId
      self.title = title
      self.state = state
      self.model = model
      self.projectPath = projectPath
      self.turnCount = turnCount
    }

    enum CodingKeys: String, CodingKey {
      case id
      case object
      case createdAt = "created_at"
      case lastActivityAt = "last_activity_at"
      case sessionId = "session_id"
      case title
      case state
      case model
      case projectPath = "project_path"
      case turnCount = "turn_count"
    }
  }

  /// Give an upload up that is not complete.
  public struct DeleteAttachmentsByAttachmentIdResponse: Codable, Sendable, Hashable {
    public var success: Bool

    public init(success: Bool = true) {
      self.success = success
    }
  }

  /// Revoke a device: its token ends at once and its sockets close.
  public struct DeleteDevicesByIdResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var deviceId: String

    public init(success: Bool = true, deviceId: String) {
      self.success = success
      self.deviceId = deviceId
    }
  }

  /// The caller's Live Activity was ended by the app; without a token, all of this session.
  public struct DeleteSessionsByIdLiveActivityRequest: Codable, Sendable, Hashable {
    public var activityToken: String?

    public init(activityToken: String? = nil) {
      self.activityToken = activityToken
    }
  }

  /// The caller's Live Activity was ended by the app; without a token, all of this session.
  public struct DeleteSessionsByIdLiveActivityResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String
    public var removed: Bool

    public init(success: Bool = true, sessionId: String, removed: Bool) {
      self.success = success
      self.sessionId = sessionId
      self.removed = removed
    }
  }

  /// Close a session: its turns end, its process is gone.
  public struct DeleteSessionsByIdResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String

    public init(success: Bool = true, sessionId: String) {
      self.success = success
      self.sessionId = sessionId
    }
  }

  /// Stop one task; the turn and other tasks go on.
  public struct DeleteSessionsByIdTasksByTaskIdResponse: Codable, Sendable, Hashable {
    public var stopped: Bool

    public init(stopped: Bool) {
      self.stopped = stopped
    }
  }

  /// Close a session: its turns end, its process is gone.
  public struct DeleteSessionsInteractiveByIdResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String

    public init(success: Bool = true, sessionId: String) {
      self.success = success
      self.sessionId = sessionId
    }
  }

  public struct Delivery: Codable, Sendable, Hashable {
    public var deliveryId: String
    public var cursor: Int
    public var kind: Kind
    public var state: State
    public var attempts: [Attempt]
    public var nextAttemptAt: Int?

    public init(deliveryId: String, cursor: Int, kind: Kind, state: State, attempts: [Attempt], nextAttemptAt: Int? = nil) {
      self.deliveryId = deliveryId
      self.cursor = cursor
      self.kind = kind
      self.state = state
      self.attempts = attempts
      self.nextAttemptAt = nextAttemptAt
    }

    public enum Kind: OpenEnum {
      case reply
      case failed
      case permission
      case question
      case plan
      case form
      case expiring
      case expired
      case crashed
      case notice
      case limit
      case login
      case resource
      case task
      case activityStart
      case activityEnd
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "reply": self = .reply
        case "failed": self = .failed
        case "permission": self = .permission
        case "question": self = .question
        case "plan": self = .plan
        case "form": self = .form
        case "expiring": self = .expiring
        case "expired": self = .expired
        case "crashed": self = .crashed
        case "notice": self = .notice
        case "limit": self = .limit
        case "login": self = .login
        case "resource": self = .resource
        case "task": self = .task
        case "activity-start": self = .activityStart
        case "activity-end": self = .activityEnd
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .reply: "reply"
        case .failed: "failed"
        case .permission: "permission"
        case .question: "question"
        case .plan: "plan"
        case .form: "form"
        case .expiring: "expiring"
        case .expired: "expired"
        case .crashed: "crashed"
        case .notice: "notice"
        case .limit: "limit"
        case .login: "login"
        case .resource: "resource"
        case .task: "task"
        case .activityStart: "activity-start"
        case .activityEnd: "activity-end"
        case .unknown(let word): word
        }
      }

      public static let known: [Kind] = [.reply, .failed, .permission, .question, .plan, .form, .expiring, .expired, .crashed, .notice, .limit, .login, .resource, .task, .activityStart, .activityEnd]
    }

    public enum State: OpenEnum {
      case pending
      case sent
      case acked
      case suppressed
      case gone
      case dead
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "pending": self = .pending
        case "sent": self = .sent
        case "acked": self = .acked
        case "suppressed": self = .suppressed
        case "gone": self = .gone
        case "dead": self = .dead
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .pending: "pending"
        case .sent: "sent"
        case .acked: "acked"
        case .suppressed: "suppressed"
        case .gone: "gone"
        case .dead: "dead"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.pending, .sent, .acked, .suppressed, .gone, .dead]
    }

    public struct Attempt: Codable, Sendable, Hashable {
      public var at: Int
      public var status: Int?
      public var reason: String?
      public var latencyMs: Double

      public init(at: Int, status: Int? = nil, reason: String? = nil, latencyMs: Double) {
        self.at = at
        self.status = status
        self.reason = reason
        self.latencyMs = latencyMs
      }
    }
  }

  public struct DeliveryMetrics: Codable, Sendable, Hashable {
    /// From an event's commit to the first connection.
    public var firstFrame: FirstFrame
    /// From an event's commit to a device's ack.
    public var ack: Ack
    /// From an event's commit to the push service's acceptance.
    public var pushAccepted: PushAccepted
    /// Accepted, without an end, and nothing works on them. Should be zero.
    public var lostTurns: Int
    /// What came a second time since the start. Should be zero.
    public var twice: Twice

    public init(firstFrame: FirstFrame, ack: Ack, pushAccepted: PushAccepted, lostTurns: Int, twice: Twice) {
      self.firstFrame = firstFrame
      self.ack = ack
      self.pushAccepted = pushAccepted
      self.lostTurns = lostTurns
      self.twice = twice
    }

    /// From an event's commit to the first connection.
    public struct FirstFrame: Codable, Sendable, Hashable {
      public var count: Int
      public var p50Ms: Double?
      public var p99Ms: Double?

      public init(count: Int, p50Ms: Double? = nil, p99Ms: Double? = nil) {
        self.count = count
        self.p50Ms = p50Ms
        self.p99Ms = p99Ms
      }
    }

    /// From an event's commit to a device's ack.
    public struct Ack: Codable, Sendable, Hashable {
      public var count: Int
      public var p50Ms: Double?
      public var p99Ms: Double?

      public init(count: Int, p50Ms: Double? = nil, p99Ms: Double? = nil) {
        self.count = count
        self.p50Ms = p50Ms
        self.p99Ms = p99Ms
      }
    }

    /// From an event's commit to the push service's acceptance.
    public struct PushAccepted: Codable, Sendable, Hashable {
      public var count: Int
      public var p50Ms: Double?
      public var p99Ms: Double?

      public init(count: Int, p50Ms: Double? = nil, p99Ms: Double? = nil) {
        self.count = count
        self.p50Ms = p50Ms
        self.p99Ms = p99Ms
      }
    }

    /// What came a second time since the start. Should be zero.
    public struct Twice: Codable, Sendable, Hashable {
      public var ends: Int
      public var frames: Int
      public var pushes: Int

      public init(ends: Int, frames: Int, pushes: Int) {
        self.ends = ends
        self.frames = frames
        self.pushes = pushes
      }
    }
  }

  /// Text that is being written. Never stored, never the only copy.
  public struct DeltaFrame: Codable, Sendable, Hashable {
    public var type: String
    public var sessionId: String
    public var turnId: String
    /// In UTF-16 units into the assistant text that is being written.
    public var offset: Int
    public var text: String

    public init(type: String = "delta", sessionId: String, turnId: String, offset: Int, text: String) {
      self.type = type
      self.sessionId = sessionId
      self.turnId = turnId
      self.offset = offset
      self.text = text
    }
  }

  public struct Device: Codable, Sendable, Hashable {
    public var deviceId: String
    public var name: String
    public var platform: String
    public var scope: Scope
    public var createdAt: Int
    public var lastSeenAt: Int
    public var connected: Bool
    public var ackedCursor: Int?
    public var push: Push?
    public var preferences: Preferences

    public init(deviceId: String, name: String, platform: String, scope: Scope, createdAt: Int, lastSeenAt: Int, connected: Bool, ackedCursor: Int? = nil, push: Push? = nil, preferences: Preferences) {
      self.deviceId = deviceId
      self.name = name
      self.platform = platform
      self.scope = scope
      self.createdAt = createdAt
      self.lastSeenAt = lastSeenAt
      self.connected = connected
      self.ackedCursor = ackedCursor
      self.push = push
      self.preferences = preferences
    }

    public enum Scope: OpenEnum {
      case read
      case chat
      case admin
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "read": self = .read
        case "chat": self = .chat
        case "admin": self = .admin
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .read: "read"
        case .chat: "chat"
        case .admin: "admin"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.read, .chat, .admin]
    }

    public struct Push: Codable, Sendable, Hashable {
      public var provider: String
      public var environment: String?
      public var registeredAt: Int
      public var encrypted: Bool

      public init(provider: String, environment: String? = nil, registeredAt: Int, encrypted: Bool) {
        self.provider = provider
        self.environment = environment
        self.registeredAt = registeredAt
        self.encrypted = encrypted
      }
    }

    public struct Preferences: Codable, Sendable, Hashable {
      public var mutedKinds: [String]
      public var quietHours: QuietHours?

      public init(mutedKinds: [String], quietHours: QuietHours? = nil) {
        self.mutedKinds = mutedKinds
        self.quietHours = quietHours
      }

      public struct QuietHours: Codable, Sendable, Hashable {
        public var startMinute: Int
        public var endMinute: Int
        public var timeZone: String

        public init(startMinute: Int, endMinute: Int, timeZone: String) {
          self.startMinute = startMinute
          self.endMinute = endMinute
          self.timeZone = timeZone
        }
      }
    }
  }

  public struct DevicePairedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "device.paired", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var deviceId: String
      public var name: String
      public var platform: String

      public init(deviceId: String, name: String, platform: String) {
        self.deviceId = deviceId
        self.name = name
        self.platform = platform
      }
    }
  }

  public struct DevicePushLostEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "device.push_lost", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var deviceId: String
      public var name: String
      /// The device that has registered the same push target.
      public var by: String
      public var provider: Provider

      public init(deviceId: String, name: String, by: String, provider: Provider) {
        self.deviceId = deviceId
        self.name = name
        self.by = by
        self.provider = provider
      }

      public enum Provider: OpenEnum {
        case apns
        case webpush
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "apns": self = .apns
          case "webpush": self = .webpush
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .apns: "apns"
          case .webpush: "webpush"
          case .unknown(let word): word
          }
        }

        public static let known: [Provider] = [.apns, .webpush]
      }
    }
  }

  public struct DeviceRevokedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "device.revoked", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var deviceId: String
      public var name: String
      public var cancelledTurns: Int?
      public var interruptedTurns: Int?
      /// Sessions that ask again about what the device had allowed them.
      public var restrictedSessions: Int?
      /// Background tasks and wake-ups that followed from its turns.
      public var stoppedTasks: Int?
      /// Rules of its answers to permissions with `session` and `always`.
      public var withdrawnRules: Int?
      /// Devices that were paired with its codes: they stay, look at them.
      public var pairedDevices: [PairedDevice]?
      /// Projects that it trusted: they stay so, look at them.
      public var trustedProjects: [String]?

      public init(deviceId: String, name: String, cancelledTurns: Int? = nil, interruptedTurns: Int? = nil, restrictedSessions: Int? = nil, stoppedTasks: Int? = nil, withdrawnRules: Int? = nil, pairedDevices: [PairedDevice]? = nil, trustedProjects: [String]? = nil) {
        self.deviceId = deviceId
        self.name = name
        self.cancelledTurns = cancelledTurns
        self.interruptedTurns = interruptedTurns
        self.restrictedSessions = restrictedSessions
        self.stoppedTasks = stoppedTasks
        self.withdrawnRules = withdrawnRules
        self.pairedDevices = pairedDevices
        self.trustedProjects = trustedProjects
      }

      public struct PairedDevice: Codable, Sendable, Hashable {
        public var deviceId: String
        public var name: String

        public init(deviceId: String, name: String) {
          self.deviceId = deviceId
          self.name = name
        }
      }
    }
  }

  /// What clients branch on; a code is never reused for something else.
  public enum ErrorCode: OpenEnum {
    case invalidRequest
    case unsupportedParameter
    case invalidAnswers
    case scopeUnavailable
    case projectMismatch
    case malformedJson
    case unauthenticated
    case pairingCodeInvalid
    case scopeForbidden
    case projectForbidden
    case hostForbidden
    case originForbidden
    case permissionModeForbidden
    case toolsForbidden
    case promptForbidden
    case commandForbidden
    case fileForbidden
    case notFound
    case sessionNotFound
    case conversationNotFound
    case responseNotFound
    case modelNotFound
    case projectNotFound
    case turnNotFound
    case taskNotFound
    case messageNotFound
    case deviceNotFound
    case permissionNotFound
    case toolNotFound
    case attachmentNotFound
    case methodNotAllowed
    case idempotencyConflict
    case nothingRunning
    case turnNotCancellable
    case permissionAlreadyResolved
    case sessionBusy
    case conversationHeld
    case attachmentFailed
    case uploadOffsetMismatch
    case nothingToRecap
    case pushDisabled
    case pushNotRegistered
    case changesUnavailable
    case settingFixed
    case sessionClosed
    case permissionExpired
    case messageTooLarge
    case bodyTooLarge
    case unsupportedMediaType
    case deviceQueueFull
    case rateLimited
    case attachmentLimit
    case internalError
    case askFailed
    case recapFailed
    case poolFull
    case shuttingDown
    case storageFailed
    case badFrame
    case interrupted
    case processCrashed
    case processStartFailed
    case processStopped
    case serverRestarted
    case claudeError
    case conversationLost
    case turnLimit
    case askTimedOut
    case historyUnavailable
    case changesTimedOut
    case timedOut
    case stalled
    case memoryLimit
    case loginRequired
    case usageLimit
    case sessionQuarantined
    case leaseExpired
    /// A word of a newer server.
    case unknown(String)

    public init(rawValue: String) {
      switch rawValue {
      case "invalid_request": self = .invalidRequest
      case "unsupported_parameter": self = .unsupportedParameter
      case "invalid_answers": self = .invalidAnswers
      case "scope_unavailable": self = .scopeUnavailable
      case "project_mismatch": self = .projectMismatch
      case "malformed_json": self = .malformedJson
      case "unauthenticated": self = .unauthenticated
      case "pairing_code_invalid": self = .pairingCodeInvalid
      case "scope_forbidden": self = .scopeForbidden
      case "project_forbidden": self = .projectForbidden
      case "host_forbidden": self = .hostForbidden
      case "origin_forbidden": self = .originForbidden
      case "permission_mode_forbidden": self = .permissionModeForbidden
      case "tools_forbidden": self = .toolsForbidden
      case "prompt_forbidden": self = .promptForbidden
      case "command_forbidden": self = .commandForbidden
      case "file_forbidden": self = .fileForbidden
      case "not_found": self = .notFound
      case "session_not_found": self = .sessionNotFound
      case "conversation_not_found": self = .conversationNotFound
      case "response_not_found": self = .responseNotFound
      case "model_not_found": self = .modelNotFound
      case "project_not_found": self = .projectNotFound
      case "turn_not_found": self = .turnNotFound
      case "task_not_found": self = .taskNotFound
      case "message_not_found": self = .messageNotFound
      case "device_not_found": self = .deviceNotFound
      case "permission_not_found": self = .permissionNotFound
      case "tool_not_found": self = .toolNotFound
      case "attachment_not_found": self = .attachmentNotFound
      case "method_not_allowed": self = .methodNotAllowed
      case "idempotency_conflict": self = .idempotencyConflict
      case "nothing_running": self = .nothingRunning
      case "turn_not_cancellable": self = .turnNotCancellable
      case "permission_already_resolved": self = .permissionAlreadyResolved
      case "session_busy": self = .sessionBusy
      case "conversation_held": self = .conversationHeld
      case "attachment_failed": self = .attachmentFailed
      case "upload_offset_mismatch": self = .uploadOffsetMismatch
      case "nothing_to_recap": self = .nothingToRecap
      case "push_disabled": self = .pushDisabled
      case "push_not_registered": self = .pushNotRegistered
      case "changes_unavailable": self = .changesUnavailable
      case "setting_fixed": self = .settingFixed
      case "session_closed": self = .sessionClosed
      case "permission_expired": self = .permissionExpired
      case "message_too_large": self = .messageTooLarge
      case "body_too_large": self = .bodyTooLarge
      case "unsupported_media_type": self = .unsupportedMediaType
      case "device_queue_full": self = .deviceQueueFull
      case "rate_limited": self = .rateLimited
      case "attachment_limit": self = .attachmentLimit
      case "internal_error": self = .internalError
      case "ask_failed": self = .askFailed
      case "recap_failed": self = .recapFailed
      case "pool_full": self = .poolFull
      case "shutting_down": self = .shuttingDown
      case "storage_failed": self = .storageFailed
      case "bad_frame": self = .badFrame
      case "interrupted": self = .interrupted
      case "process_crashed": self = .processCrashed
      case "process_start_failed": self = .processStartFailed
      case "process_stopped": self = .processStopped
      case "server_restarted": self = .serverRestarted
      case "claude_error": self = .claudeError
      case "conversation_lost": self = .conversationLost
      case "turn_limit": self = .turnLimit
      case "ask_timed_out": self = .askTimedOut
      case "history_unavailable": self = .historyUnavailable
      case "changes_timed_out": self = .changesTimedOut
      case "timed_out": self = .timedOut
      case "stalled": self = .stalled
      case "memory_limit": self = .memoryLimit
      case "login_required": self = .loginRequired
      case "usage_limit": self = .usageLimit
      case "session_quarantined": self = .sessionQuarantined
      case "lease_expired": self = .leaseExpired
      default: self = .unknown(rawValue)
      }
    }

    public var rawValue: String {
      switch self {
      case .invalidRequest: "invalid_request"
      case .unsupportedParameter: "unsupported_parameter"
      case .invalidAnswers: "invalid_answers"
      case .scopeUnavailable: "scope_unavailable"
      case .projectMismatch: "project_mismatch"
      case .malformedJson: "malformed_json"
      case .unauthenticated: "unauthenticated"
      case .pairingCodeInvalid: "pairing_code_invalid"
      case .scopeForbidden: "scope_forbidden"
      case .projectForbidden: "project_forbidden"
      case .hostForbidden: "host_forbidden"
      case .originForbidden: "origin_forbidden"
      case .permissionModeForbidden: "permission_mode_forbidden"
      case .toolsForbidden: "tools_forbidden"
      case .promptForbidden: "prompt_forbidden"
      case .commandForbidden: "command_forbidden"
      case .fileForbidden: "file_forbidden"
      case .notFound: "not_found"
      case .sessionNotFound: "session_not_found"
      case .conversationNotFound: "conversation_not_found"
      case .responseNotFound: "response_not_found"
      case .modelNotFound: "model_not_found"
      case .projectNotFound: "project_not_found"
      case .turnNotFound: "turn_not_found"
      case .taskNotFound: "task_not_found"
      case .messageNotFound: "message_not_found"
      case .deviceNotFound: "device_not_found"
      case .permissionNotFound: "permission_not_found"
      case .toolNotFound: "tool_not_found"
      case .attachmentNotFound: "attachment_not_found"
      case .methodNotAllowed: "method_not_allowed"
      case .idempotencyConflict: "idempotency_conflict"
      case .nothingRunning: "nothing_running"
      case .turnNotCancellable: "turn_not_cancellable"
      case .permissionAlreadyResolved: "permission_already_resolved"
      case .sessionBusy: "session_busy"
      case .conversationHeld: "conversation_held"
      case .attachmentFailed: "attachment_failed"
      case .uploadOffsetMismatch: "upload_offset_mismatch"
      case .nothingToRecap: "nothing_to_recap"
      case .pushDisabled: "push_disabled"
      case .pushNotRegistered: "push_not_registered"
      case .changesUnavailable: "changes_unavailable"
      case .settingFixed: "setting_fixed"
      case .sessionClosed: "session_closed"
      case .permissionExpired: "permission_expired"
      case .messageTooLarge: "message_too_large"
      case .bodyTooLarge: "body_too_large"
      case .unsupportedMediaType: "unsupported_media_type"
      case .deviceQueueFull: "device_queue_full"
      case .rateLimited: "rate_limited"
      case .attachmentLimit: "attachment_limit"
      case .internalError: "internal_error"
      case .askFailed: "ask_failed"
      case .recapFailed: "recap_failed"
      case .poolFull: "pool_full"
      case .shuttingDown: "shutting_down"
      case .storageFailed: "storage_failed"
      case .badFrame: "bad_frame"
      case .interrupted: "interrupted"
      case .processCrashed: "process_crashed"
      case .processStartFailed: "process_start_failed"
      case .processStopped: "process_stopped"
      case .serverRestarted: "server_restarted"
      case .claudeError: "claude_error"
      case .conversationLost: "conversation_lost"
      case .turnLimit: "turn_limit"
      case .askTimedOut: "ask_timed_out"
      case .historyUnavailable: "history_unavailable"
      case .changesTimedOut: "changes_timed_out"
      case .timedOut: "timed_out"
      case .stalled: "stalled"
      case .memoryLimit: "memory_limit"
      case .loginRequired: "login_required"
      case .usageLimit: "usage_limit"
      case .sessionQuarantined: "session_quarantined"
      case .leaseExpired: "lease_expired"
      case .unknown(let word): word
      }
    }

    public static let known: [ErrorCode] = [.invalidRequest, .unsupportedParameter, .invalidAnswers, .scopeUnavailable, .projectMismatch, .malformedJson, .unauthenticated, .pairingCodeInvalid, .scopeForbidden, .projectForbidden, .hostForbidden, .originForbidden, .permissionModeForbidden, .toolsForbidden, .promptForbidden, .commandForbidden, .fileForbidden, .notFound, .sessionNotFound, .conversationNotFound, .responseNotFound, .modelNotFound, .projectNotFound, .turnNotFound, .taskNotFound, .messageNotFound, .deviceNotFound, .permissionNotFound, .toolNotFound, .attachmentNotFound, .methodNotAllowed, .idempotencyConflict, .nothingRunning, .turnNotCancellable, .permissionAlreadyResolved, .sessionBusy, .conversationHeld, .attachmentFailed, .uploadOffsetMismatch, .nothingToRecap, .pushDisabled, .pushNotRegistered, .changesUnavailable, .settingFixed, .sessionClosed, .permissionExpired, .messageTooLarge, .bodyTooLarge, .unsupportedMediaType, .deviceQueueFull, .rateLimited, .attachmentLimit, .internalError, .askFailed, .recapFailed, .poolFull, .shuttingDown, .storageFailed, .badFrame, .interrupted, .processCrashed, .processStartFailed, .processStopped, .serverRestarted, .claudeError, .conversationLost, .turnLimit, .askTimedOut, .historyUnavailable, .changesTimedOut, .timedOut, .stalled, .memoryLimit, .loginRequired, .usageLimit, .sessionQuarantined, .leaseExpired]
  }

  /// The refusal of a frame, with its ref if it had one. The connection stays.
  public struct ErrorFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var code: API.ErrorCode
    public var detail: String
    public var retryAfterMs: Double?

    public init(type: String = "error", ref: String? = nil, code: API.ErrorCode, detail: String, retryAfterMs: Double? = nil) {
      self.type = type
      self.ref = ref
      self.code = code
      self.detail = detail
      self.retryAfterMs = retryAfterMs
    }
  }

  /// One row of the log. cursor grows over the whole log; seq is gap-free in its session from 1. Events about no session have sessionId and seq null.
  public enum Event: Codable, Sendable, Hashable {
    case sessionCreated(API.SessionCreatedEvent)
    case sessionRenewed(API.SessionRenewedEvent)
    case sessionExpiring(API.SessionExpiringEvent)
    case sessionExpired(API.SessionExpiredEvent)
    case sessionParked(API.SessionParkedEvent)
    case sessionWoken(API.SessionWokenEvent)
    case sessionCrashed(API.SessionCrashedEvent)
    case sessionRecovered(API.SessionRecoveredEvent)
    case sessionRecycled(API.SessionRecycledEvent)
    case sessionQuarantined(API.SessionQuarantinedEvent)
    case sessionClosed(API.SessionClosedEvent)
    case sessionUpdated(API.SessionUpdatedEvent)
    case sessionCompacted(API.SessionCompactedEvent)
    case sessionCommands(API.SessionCommandsEvent)
    case todosChanged(API.TodosChangedEvent)
    case notice(API.NoticeEvent)
    case sessionRecap(API.SessionRecapEvent)
    case sessionContinued(API.SessionContinuedEvent)
    case sessionHeld(API.SessionHeldEvent)
    case sessionReleased(API.SessionReleasedEvent)
    case turnAccepted(API.TurnAcceptedEvent)
    case turnQueued(API.TurnQueuedEvent)
    case turnStarted(API.TurnStartedEvent)
    case turnCompleted(API.TurnCompletedEvent)
    case turnFailed(API.TurnFailedEvent)
    case turnInterrupted(API.TurnInterruptedEvent)
    case turnCancelled(API.TurnCancelledEvent)
    case message(API.MessageEvent)
    case agentMessage(API.AgentMessageEvent)
    case toolStarted(API.ToolStartedEvent)
    case toolFinished(API.ToolFinishedEvent)
    case taskStarted(API.TaskStartedEvent)
    case taskFinished(API.TaskFinishedEvent)
    case permissionRequested(API.PermissionRequestedEvent)
    case permissionResolved(API.PermissionResolvedEvent)
    case permissionExpired(API.PermissionExpiredEvent)
    case resourceWarning(API.ResourceWarningEvent)
    case limitReached(API.LimitReachedEvent)
    case limitWarning(API.LimitWarningEvent)
    case limitLifted(API.LimitLiftedEvent)
    case loginRequired(API.LoginRequiredEvent)
    case devicePaired(API.DevicePairedEvent)
    case deviceRevoked(API.DeviceRevokedEvent)
    case devicePushLost(API.DevicePushLostEvent)
    /// A member that this version does not know, or one whose fields have changed; `type` is its `type`.
    case unknown(type: String, raw: JSONValue)

    enum TagKeys: String, CodingKey { case tag = "type" }

    public init(from decoder: any Decoder) throws {
      let tag = try decoder.container(keyedBy: TagKeys.self).decodeIfPresent(String.self, forKey: .tag)
      switch tag {
      case "session.created":
        if let value = try? API.SessionCreatedEvent(from: decoder) { self = .sessionCreated(value); return }
      case "session.renewed":
        if let value = try? API.SessionRenewedEvent(from: decoder) { self = .sessionRenewed(value); return }
      case "session.expiring":
        if let value = try? API.SessionExpiringEvent(from: decoder) { self = .sessionExpiring(value); return }
      case "session.expired":
        if let value = try? API.SessionExpiredEvent(from: decoder) { self = .sessionExpired(value); return }
      case "session.parked":
        if let value = try? API.SessionParkedEvent(from: decoder) { self = .sessionParked(value); return }
      case "session.woken":
        if let value = try? API.SessionWokenEvent(from: decoder) { self = .sessionWoken(value); return }
      case "session.crashed":
        if let value = try? API.SessionCrashedEvent(from: decoder) { self = .sessionCrashed(value); return }
      case "session.recovered":
        if let value = try? API.SessionRecoveredEvent(from: decoder) { self = .sessionRecovered(value); return }
      case "session.recycled":
        if let value = try? API.SessionRecycledEvent(from: decoder) { self = .sessionRecycled(value); return }
      case "session.quarantined":
        if let value = try? API.SessionQuarantinedEvent(from: decoder) { self = .sessionQuarantined(value); return }
      case "session.closed":
        if let value = try? API.SessionClosedEvent(from: decoder) { self = .sessionClosed(value); return }
      case "session.updated":
        if let value = try? API.SessionUpdatedEvent(from: decoder) { self = .sessionUpdated(value); return }
      case "session.compacted":
        if let value = try? API.SessionCompactedEvent(from: decoder) { self = .sessionCompacted(value); return }
      case "session.commands":
        if let value = try? API.SessionCommandsEvent(from: decoder) { self = .sessionCommands(value); return }
      case "todos.changed":
        if let value = try? API.TodosChangedEvent(from: decoder) { self = .todosChanged(value); return }
      case "notice":
        if let value = try? API.NoticeEvent(from: decoder) { self = .notice(value); return }
      case "session.recap":
        if let value = try? API.SessionRecapEvent(from: decoder) { self = .sessionRecap(value); return }
      case "session.continued":
        if let value = try? API.SessionContinuedEvent(from: decoder) { self = .sessionContinued(value); return }
      case "session.held":
        if let value = try? API.SessionHeldEvent(from: decoder) { self = .sessionHeld(value); return }
      case "session.released":
        if let value = try? API.SessionReleasedEvent(from: decoder) { self = .sessionReleased(value); return }
      case "turn.accepted":
        if let value = try? API.TurnAcceptedEvent(from: decoder) { self = .turnAccepted(value); return }
      case "turn.queued":
        if let value = try? API.TurnQueuedEvent(from: decoder) { self = .turnQueued(value); return }
      case "turn.started":
        if let value = try? API.TurnStartedEvent(from: decoder) { self = .turnStarted(value); return }
      case "turn.completed":
        if let value = try? API.TurnCompletedEvent(from: decoder) { self = .turnCompleted(value); return }
      case "turn.failed":
        if let value = try? API.TurnFailedEvent(from: decoder) { self = .turnFailed(value); return }
      case "turn.interrupted":
        if let value = try? API.TurnInterruptedEvent(from: decoder) { self = .turnInterrupted(value); return }
      case "turn.cancelled":
        if let value = try? API.TurnCancelledEvent(from: decoder) { self = .turnCancelled(value); return }
      case "message":
        if let value = try? API.MessageEvent(from: decoder) { self = .message(value); return }
      case "agent.message":
        if let value = try? API.AgentMessageEvent(from: decoder) { self = .agentMessage(value); return }
      case "tool.started":
        if let value = try? API.ToolStartedEvent(from: decoder) { self = .toolStarted(value); return }
      case "tool.finished":
        if let value = try? API.ToolFinishedEvent(from: decoder) { self = .toolFinished(value); return }
      case "task.started":
        if let value = try? API.TaskStartedEvent(from: decoder) { self = .taskStarted(value); return }
      case "task.finished":
        if let value = try? API.TaskFinishedEvent(from: decoder) { self = .taskFinished(value); return }
      case "permission.requested":
        if let value = try? API.PermissionRequestedEvent(from: decoder) { self = .permissionRequested(value); return }
      case "permission.resolved":
        if let value = try? API.PermissionResolvedEvent(from: decoder) { self = .permissionResolved(value); return }
      case "permission.expired":
        if let value = try? API.PermissionExpiredEvent(from: decoder) { self = .permissionExpired(value); return }
      case "resource.warning":
        if let value = try? API.ResourceWarningEvent(from: decoder) { self = .resourceWarning(value); return }
      case "limit.reached":
        if let value = try? API.LimitReachedEvent(from: decoder) { self = .limitReached(value); return }
      case "limit.warning":
        if let value = try? API.LimitWarningEvent(from: decoder) { self = .limitWarning(value); return }
      case "limit.lifted":
        if let value = try? API.LimitLiftedEvent(from: decoder) { self = .limitLifted(value); return }
      case "login.required":
        if let value = try? API.LoginRequiredEvent(from: decoder) { self = .loginRequired(value); return }
      case "device.paired":
        if let value = try? API.DevicePairedEvent(from: decoder) { self = .devicePaired(value); return }
      case "device.revoked":
        if let value = try? API.DeviceRevokedEvent(from: decoder) { self = .deviceRevoked(value); return }
      case "device.push_lost":
        if let value = try? API.DevicePushLostEvent(from: decoder) { self = .devicePushLost(value); return }
      default: break
      }
      self = .unknown(type: tag ?? "", raw: try JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
      switch self {
      case .sessionCreated(let value): try value.encode(to: encoder)
      case .sessionRenewed(let value): try value.encode(to: encoder)
      case .sessionExpiring(let value): try value.encode(to: encoder)
      case .sessionExpired(let value): try value.encode(to: encoder)
      case .sessionParked(let value): try value.encode(to: encoder)
      case .sessionWoken(let value): try value.encode(to: encoder)
      case .sessionCrashed(let value): try value.encode(to: encoder)
      case .sessionRecovered(let value): try value.encode(to: encoder)
      case .sessionRecycled(let value): try value.encode(to: encoder)
      case .sessionQuarantined(let value): try value.encode(to: encoder)
      case .sessionClosed(let value): try value.encode(to: encoder)
      case .sessionUpdated(let value): try value.encode(to: encoder)
      case .sessionCompacted(let value): try value.encode(to: encoder)
      case .sessionCommands(let value): try value.encode(to: encoder)
      case .todosChanged(let value): try value.encode(to: encoder)
      case .notice(let value): try value.encode(to: encoder)
      case .sessionRecap(let value): try value.encode(to: encoder)
      case .sessionContinued(let value): try value.encode(to: encoder)
      case .sessionHeld(let value): try value.encode(to: encoder)
      case .sessionReleased(let value): try value.encode(to: encoder)
      case .turnAccepted(let value): try value.encode(to: encoder)
      case .turnQueued(let value): try value.encode(to: encoder)
      case .turnStarted(let value): try value.encode(to: encoder)
      case .turnCompleted(let value): try value.encode(to: encoder)
      case .turnFailed(let value): try value.encode(to: encoder)
      case .turnInterrupted(let value): try value.encode(to: encoder)
      case .turnCancelled(let value): try value.encode(to: encoder)
      case .message(let value): try value.encode(to: encoder)
      case .agentMessage(let value): try value.encode(to: encoder)
      case .toolStarted(let value): try value.encode(to: encoder)
      case .toolFinished(let value): try value.encode(to: encoder)
      case .taskStarted(let value): try value.encode(to: encoder)
      case .taskFinished(let value): try value.encode(to: encoder)
      case .permissionRequested(let value): try value.encode(to: encoder)
      case .permissionResolved(let value): try value.encode(to: encoder)
      case .permissionExpired(let value): try value.encode(to: encoder)
      case .resourceWarning(let value): try value.encode(to: encoder)
      case .limitReached(let value): try value.encode(to: encoder)
      case .limitWarning(let value): try value.encode(to: encoder)
      case .limitLifted(let value): try value.encode(to: encoder)
      case .loginRequired(let value): try value.encode(to: encoder)
      case .devicePaired(let value): try value.encode(to: encoder)
      case .deviceRevoked(let value): try value.encode(to: encoder)
      case .devicePushLost(let value): try value.encode(to: encoder)
      case .unknown(_, let raw): try raw.encode(to: encoder)
      }
    }
  }

  /// A row of the log, missed or live. Only what is committed is sent.
  public struct EventFrame: Codable, Sendable, Hashable {
    public var type: String
    public var event: API.Event

    public init(type: String = "event", event: API.Event) {
      self.type = type
      self.event = event
    }
  }

  public struct Failure: Codable, Sendable, Hashable {
    public var code: API.ErrorCode
    public var detail: String

    public init(code: API.ErrorCode, detail: String) {
      self.code = code
      self.detail = detail
    }
  }

  public struct FileDiff: Codable, Sendable, Hashable {
    public var path: String
    /// Unified; empty for a file without changes.
    public var diff: String
    public var truncated: Bool
    public var filtered: Bool?

    public init(path: String, diff: String, truncated: Bool, filtered: Bool? = nil) {
      self.path = path
      self.diff = diff
      self.truncated = truncated
      self.filtered = filtered
    }
  }

  public struct Finished: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String
    public var turnId: String
    public var clientMessageId: String
    public var state: API.TurnState
    public var queuePosition: Int
    public var duplicate: Bool
    public var expiresAt: Int
    public var requestId: String
    /// How news will reach the device now.
    public var deliveryMethod: [String]
    /// Why the deviceToken was not registered.
    public var pushWarning: String?
    public var reply: API.Reply?
    public var error: API.Failure?
    /// Under Prefer: tasks, the turns in which Claude spoke of the tasks that the turn began.
    public var ownTurns: [OwnTurn]?

    public init(success: Bool = true, sessionId: String, turnId: String, clientMessageId: String, state: API.TurnState, queuePosition: Int, duplicate: Bool, expiresAt: Int, requestId: String, deliveryMethod: [String], pushWarning: String? = nil, reply: API.Reply? = nil, error: API.Failure? = nil, ownTurns: [OwnTurn]? = nil) {
      self.success = success
      self.sessionId = sessionId
      self.turnId = turnId
      self.clientMessageId = clientMessageId
      self.state = state
      self.queuePosition = queuePosition
      self.duplicate = duplicate
      self.expiresAt = expiresAt
      self.requestId = requestId
      self.deliveryMethod = deliveryMethod
      self.pushWarning = pushWarning
      self.reply = reply
      self.error = error
      self.ownTurns = ownTurns
    }

    public struct OwnTurn: Codable, Sendable, Hashable {
      public var turnId: String
      public var reply: API.Reply

      public init(turnId: String, reply: API.Reply) {
        self.turnId = turnId
        self.reply = reply
      }
    }
  }

  /// What an MCP server asks a person to fill in.
  public struct Form: Codable, Sendable, Hashable {
    public var message: String
    public var server: String?
    /// An https address to open; the server does not fetch it. allow says that it was opened.
    public var url: String?
    public var fields: [Field]

    public init(message: String, server: String? = nil, url: String? = nil, fields: [Field]) {
      self.message = message
      self.server = server
      self.url = url
      self.fields = fields
    }

    public struct Field: Codable, Sendable, Hashable {
      public var name: String
      public var label: String
      public var description: String?
      public var type: Kind
      public var options: [Option]?
      public var required: Bool
      public var `default`: JSONValue?
      public var min: Double?
      /// Of a text its length in characters, of choices how many.
      public var max: Double?
      public var format: Format?

      public init(name: String, label: String, description: String? = nil, type: Kind, options: [Option]? = nil, required: Bool, `default`: JSONValue? = nil, min: Double? = nil, max: Double? = nil, format: Format? = nil) {
        self.name = name
        self.label = label
        self.description = description
        self.type = type
        self.options = options
        self.required = required
        self.`default` = `default`
        self.min = min
        self.max = max
        self.format = format
      }

      public enum Kind: OpenEnum {
        case text
        case number
        case integer
        case boolean
        case choice
        case choices
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "text": self = .text
          case "number": self = .number
          case "integer": self = .integer
          case "boolean": self = .boolean
          case "choice": self = .choice
          case "choices": self = .choices
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .text: "text"
          case .number: "number"
          case .integer: "integer"
          case .boolean: "boolean"
          case .choice: "choice"
          case .choices: "choices"
          case .unknown(let word): word
          }
        }

        public static let known: [Kind] = [.text, .number, .integer, .boolean, .choice, .choices]
      }

      public struct Option: Codable, Sendable, Hashable {
        public var value: String
        public var label: String

        public init(value: String, label: String) {
          self.value = value
          self.label = label
        }
      }

      public enum Format: OpenEnum {
        case email
        case uri
        case date
        case dateTime
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "email": self = .email
          case "uri": self = .uri
          case "date": self = .date
          case "date-time": self = .dateTime
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .email: "email"
          case .uri: "uri"
          case .date: "date"
          case .dateTime: "date-time"
          case .unknown(let word): word
          }
        }

        public static let known: [Format] = [.email, .uri, .date, .dateTime]
      }
    }
  }

  /// The description of the WebSocket, as AsyncAPI 3.0.
  public typealias GetAsyncapiJsonResponse = [String: JSONValue]

  /// State changes by devices, newest first.
  public struct GetAuditResponse: Codable, Sendable, Hashable {
    public var entries: [Entrie]
    public var nextBefore: String?

    public init(entries: [Entrie], nextBefore: String? = nil) {
      self.entries = entries
      self.nextBefore = nextBefore
    }

    public struct Entrie: Codable, Sendable, Hashable {
      public var at: Double
      public var deviceId: String
      public var action: String
      public var target: String
      public var detail: String

      public init(at: Double, deviceId: String, action: String, target: String, detail: String) {
        self.at = at
        self.deviceId = deviceId
        self.action = action
        self.target = target
        self.detail = detail
      }
    }
  }

  /// What became of the newest pushes of all devices.
  public struct GetDeliveriesResponse: Codable, Sendable, Hashable {
    public var deliveries: [API.LoggedDelivery]

    public init(deliveries: [API.LoggedDelivery]) {
      self.deliveries = deliveries
    }
  }

  /// What became of the device's pushes, newest first.
  public struct GetDevicesByIdDeliveriesResponse: Codable, Sendable, Hashable {
    public var deliveries: [API.Delivery]

    public init(deliveries: [API.Delivery]) {
      self.deliveries = deliveries
    }
  }

  /// The paired devices.
  public struct GetDevicesResponse: Codable, Sendable, Hashable {
    public var devices: [API.Device]

    public init(devices: [API.Device]) {
      self.devices = devices
    }
  }

  /// Events after a cursor; with wait, held open until there are some.
  public struct GetEventsResponse: Codable, Sendable, Hashable {
    public var epoch: String
    public var events: [API.Event]
    public var cursor: Int
    public var recovered: Bool

    public init(epoch: String, events: [API.Event], cursor: Int, recovered: Bool) {
      self.epoch = epoch
      self.events = events
      self.cursor = cursor
      self.recovered = recovered
    }
  }

  /// What happened to sessions, processes and devices, newest first; nothing of what was said.
  public struct GetLifecycleResponse: Codable, Sendable, Hashable {
    public var events: [API.Event]
    public var nextBefore: String?

    public init(events: [API.Event], nextBefore: String? = nil) {
      self.events = events
      self.nextBefore = nextBefore
    }
  }

  /// The full text of a message: what a cut push leads to.
  public struct GetMessagesByMessageIdResponse: Codable, Sendable, Hashable {
    public var messageId: String
    public var role: Role
    public var text: String
    public var turnId: String?
    /// Said in another program that went on with the conversation.
    public var origin: String?
    public var createdAt: Int
    /// The turn ended in the middle of the text.
    public var partial: Bool?
    public var sessionId: String?

    public init(messageId: String, role: Role, text: String, turnId: String? = nil, origin: String? = nil, createdAt: Int, partial: Bool? = nil, sessionId: String? = nil) {
      self.messageId = messageId
      self.role = role
      self.text = text
      self.turnId = turnId
      self.origin = origin
      self.createdAt = createdAt
      self.partial = partial
      self.sessionId = sessionId
    }

    public enum Role: OpenEnum {
      case user
      case assistant
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "user": self = .user
        case "assistant": self = .assistant
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .user: "user"
        case .assistant: "assistant"
        case .unknown(let word): word
        }
      }

      public static let known: [Role] = [.user, .assistant]
    }
  }

  /// The models that Claude offers (known after its first start), and the permission modes that this token may choose.
  public struct GetModelsResponse: Codable, Sendable, Hashable {
    public var models: [Model]
    public var `default`: String?
    public var modes: [API.PermissionMode]

    public init(models: [Model], `default`: String? = nil, modes: [API.PermissionMode]) {
      self.models = models
      self.`default` = `default`
      self.modes = modes
    }

    public struct Model: Codable, Sendable, Hashable {
      public var id: String
      public var name: String
      public var description: String

      public init(id: String, name: String, description: String) {
        self.id = id
        self.name = name
        self.description = description
      }
    }
  }

  /// This description of the HTTP interface, as OpenAPI 3.1.
  public typealias GetOpenapiJsonResponse = [String: JSONValue]

  /// The open permissions, questions, plans and forms.
  public struct GetPermissionsResponse: Codable, Sendable, Hashable {
    public var permissions: [API.Permission]

    public init(permissions: [API.Permission]) {
      self.permissions = permissions
    }
  }

  /// A page of a conversation as Claude wrote it down, the newest message first.
  public struct GetProjectsByProjectIdSessionsByIdMessagesResponse: Codable, Sendable, Hashable {
    public var messages: [API.PastMessage]
    public var nextBefore: String?

    public init(messages: [API.PastMessage], nextBefore: String? = nil) {
      self.messages = messages
      self.nextBefore = nextBefore
    }
  }

  /// The conversations that Claude keeps of a project, those of the terminal included, the latest first.
  public struct GetProjectsByProjectIdSessionsResponse: Codable, Sendable, Hashable {
    public var sessions: [API.ProjectSession]
    public var nextBefore: String?

    public init(sessions: [API.ProjectSession], nextBefore: String? = nil) {
      self.sessions = sessions
      self.nextBefore = nextBefore
    }
  }

  /// The project roots, the directories in them, and deeper ones in which Claude has worked.
  public struct GetProjectsResponse: Codable, Sendable, Hashable {
    public var roots: [String]
    public var projects: [API.Project]
    public var nextBefore: String?

    public init(roots: [String], projects: [API.Project], nextBefore: String? = nil) {
      self.roots = roots
      self.projects = projects
      self.nextBefore = nextBefore
    }
  }

  /// The server's key that a page subscribes with (applicationServerKey).
  public struct GetPushVapidKeyResponse: Codable, Sendable, Hashable {
    public var publicKey: String

    public init(publicKey: String) {
      self.publicKey = publicKey
    }
  }

  /// Sessions that have a process, and how much room is left; with parked=true also those that live without one.
  public struct GetSessionsActiveResponse: Codable, Sendable, Hashable {
    public var sessions: [API.Session]
    public var stats: Stats

    public init(sessions: [API.Session], stats: Stats) {
      self.sessions = sessions
      self.stats = stats
    }

    public struct Stats: Codable, Sendable, Hashable {
      public var totalSessions: Int
      public var maxSessions: Int
      /// With `MAX_CONCURRENT_SESSIONS=auto`: what keeps `maxSessions` from being higher.
      public var maxSessionsLimitedBy: MaxSessionsLimitedBy?
      public var availableSlots: Int
      public var queuedTurns: Int
      public var memoryUsageBytes: Double
      public var memoryLimitBytes: Double
      public var cpuPercent: Double

      public init(totalSessions: Int, maxSessions: Int, maxSessionsLimitedBy: MaxSessionsLimitedBy? = nil, availableSlots: Int, queuedTurns: Int, memoryUsageBytes: Double, memoryLimitBytes: Double, cpuPercent: Double) {
        self.totalSessions = totalSessions
        self.maxSessions = maxSessions
        self.maxSessionsLimitedBy = maxSessionsLimitedBy
        self.availableSlots = availableSlots
        self.queuedTurns = queuedTurns
        self.memoryUsageBytes = memoryUsageBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.cpuPercent = cpuPercent
      }

      public enum MaxSessionsLimitedBy: OpenEnum {
        case memory
        case load
        case maximum
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "memory": self = .memory
          case "load": self = .load
          case "maximum": self = .maximum
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .memory: "memory"
          case .load: "load"
          case .maximum: "maximum"
          case .unknown(let word): word
          }
        }

        public static let known: [MaxSessionsLimitedBy] = [.memory, .load, .maximum]
      }
    }
  }

  /// The slash commands that the session knows; the last known ones when it has no process.
  public struct GetSessionsByIdCommandsResponse: Codable, Sendable, Hashable {
    public var commands: [API.Command]

    public init(commands: [API.Command]) {
      self.commands = commands
    }
  }

  /// How full Claude's context window is.
  public struct GetSessionsByIdContextResponse: Codable, Sendable, Hashable {
    public var model: String
    public var totalTokens: Double
    public var maxTokens: Double
    public var percentage: Double
    public var categories: [Categorie]

    public init(model: String, totalTokens: Double, maxTokens: Double, percentage: Double, categories: [Categorie]) {
      self.model = model
      self.totalTokens = totalTokens
      self.maxTokens = maxTokens
      self.percentage = percentage
      self.categories = categories
    }

    public struct Categorie: Codable, Sendable, Hashable {
      public var name: String
      public var tokens: Double

      public init(name: String, tokens: Double) {
        self.name = name
        self.tokens = tokens
      }
    }
  }

  /// A session's events after a sequence number.
  public struct GetSessionsByIdEventsResponse: Codable, Sendable, Hashable {
    public var events: [API.Event]
    public var lastSeq: Int

    public init(events: [API.Event], lastSeq: Int) {
      self.events = events
      self.lastSeq = lastSeq
    }
  }

  /// A page of the transcript, the newest message first.
  public struct GetSessionsByIdMessagesResponse: Codable, Sendable, Hashable {
    public var messages: [API.Message]
    public var nextBefore: String?

    public init(messages: [API.Message], nextBefore: String? = nil) {
      self.messages = messages
      self.nextBefore = nextBefore
    }
  }

  /// Claude's list of what it is about to do; empty where its tools for that are not offered.
  public struct GetSessionsByIdTodosResponse: Codable, Sendable, Hashable {
    public var todos: [API.Todo]

    public init(todos: [API.Todo]) {
      self.todos = todos
    }
  }

  /// Sessions, the latest first.
  public struct GetSessionsResponse: Codable, Sendable, Hashable {
    public var sessions: [API.Session]
    public var nextBefore: String?

    public init(sessions: [API.Session], nextBefore: String? = nil) {
      self.sessions = sessions
      self.nextBefore = nextBefore
    }
  }

  public struct Health: Codable, Sendable, Hashable {
    public var status: Status
    public var version: String
    public var uptimeMs: Double
    public var checks: [String: Check]?

    public init(status: Status, version: String, uptimeMs: Double, checks: [String: Check]? = nil) {
      self.status = status
      self.version = version
      self.uptimeMs = uptimeMs
      self.checks = checks
    }

    public enum Status: OpenEnum {
      case ok
      case degraded
      case failing
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "ok": self = .ok
        case "degraded": self = .degraded
        case "failing": self = .failing
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .ok: "ok"
        case .degraded: "degraded"
        case .failing: "failing"
        case .unknown(let word): word
        }
      }

      public static let known: [Status] = [.ok, .degraded, .failing]
    }

    public struct Check: Codable, Sendable, Hashable {
      public var state: String
      public var detail: String?

      public init(state: String, detail: String? = nil) {
        self.state = state
        self.detail = detail
      }
    }
  }

  /// Authenticate the device, and say from which cursor to go on.
  public struct HelloFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var token: String?
    public var cursor: Int?
    public var epoch: String?
    public var device: Device?

    public init(type: String = "hello", ref: String? = nil, token: String? = nil, cursor: Int? = nil, epoch: String? = nil, device: Device? = nil) {
      self.type = type
      self.ref = ref
      self.token = token
      self.cursor = cursor
      self.epoch = epoch
      self.device = device
    }

    public struct Device: Codable, Sendable, Hashable {
      public var push: Nullable<Push>?

      public init(push: Nullable<Push>? = nil) {
        self.push = push
      }

      public struct Push: Codable, Sendable, Hashable {
        public var provider: String
        public var token: String
        public var environment: Environment?
        public var topic: String?
        public var encryptionKey: String?

        public init(provider: String = "apns", token: String, environment: Environment? = nil, topic: String? = nil, encryptionKey: String? = nil) {
          self.provider = provider
          self.token = token
          self.environment = environment
          self.topic = topic
          self.encryptionKey = encryptionKey
        }

        public enum Environment: OpenEnum {
          case sandbox
          case production
          /// A word of a newer server.
          case unknown(String)

          public init(rawValue: String) {
            switch rawValue {
            case "sandbox": self = .sandbox
            case "production": self = .production
            default: self = .unknown(rawValue)
            }
          }

          public var rawValue: String {
            switch self {
            case .sandbox: "sandbox"
            case .production: "production"
            case .unknown(let word): word
            }
          }

          public static let known: [Environment] = [.sandbox, .production]
        }
      }
    }
  }

  /// Stop the running turn of a session.
  public struct InterruptFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var sessionId: String
    public var turnId: String?

    public init(type: String = "interrupt", ref: String? = nil, sessionId: String, turnId: String? = nil) {
      self.type = type
      self.ref = ref
      self.sessionId = sessionId
      self.turnId = turnId
    }
  }

  /// Open a session's next lease term, or ask for a recap.
  public struct KeepaliveFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var sessionId: String
    public var action: Action?

    public init(type: String = "keepalive", ref: String? = nil, sessionId: String, action: Action? = nil) {
      self.type = type
      self.ref = ref
      self.sessionId = sessionId
      self.action = action
    }

    public enum Action: OpenEnum {
      case extend
      case recap
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "extend": self = .extend
        case "recap": self = .recap
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .extend: "extend"
        case .recap: "recap"
        case .unknown(let word): word
        }
      }

      public static let known: [Action] = [.extend, .recap]
    }
  }

  public struct Lease: Codable, Sendable, Hashable {
    public var term: Int
    public var startedAt: Int
    public var warnAt: Int
    public var expiresAt: Int
    public var warnedAt: Int?

    public init(term: Int, startedAt: Int, warnAt: Int, expiresAt: Int, warnedAt: Int? = nil) {
      self.term = term
      self.startedAt = startedAt
      self.warnAt = warnAt
      self.expiresAt = expiresAt
      self.warnedAt = warnedAt
    }
  }

  public struct LimitLiftedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "limit.lifted", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var kind: String

      public init(kind: String) {
        self.kind = kind
      }
    }
  }

  public struct LimitReachedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "limit.reached", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var kind: String
      public var resetsAt: Int?
      public var retryAt: Int
      public var detail: String

      public init(kind: String, resetsAt: Int? = nil, retryAt: Int, detail: String) {
        self.kind = kind
        self.resetsAt = resetsAt
        self.retryAt = retryAt
        self.detail = detail
      }
    }
  }

  public struct LimitWarningEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "limit.warning", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var windowId: String
      public var utilizationPercent: Double
      public var resetsAt: Int?

      public init(windowId: String, utilizationPercent: Double, resetsAt: Int? = nil) {
        self.windowId = windowId
        self.utilizationPercent = utilizationPercent
        self.resetsAt = resetsAt
      }
    }
  }

  public struct LiveActivityAttributes: Codable, Sendable, Hashable {
    public var sessionId: String
    public var turnId: String
    public var title: String
    public var projectName: String

    public init(sessionId: String, turnId: String, title: String, projectName: String) {
      self.sessionId = sessionId
      self.turnId = turnId
      self.title = title
      self.projectName = projectName
    }
  }

  public struct LiveActivityPush: Codable, Sendable, Hashable {
    public var aps: Aps

    public init(aps: Aps) {
      self.aps = aps
    }

    public struct Aps: Codable, Sendable, Hashable {
      public var timestamp: Int
      public var event: Event
      public var contentState: API.LiveActivityState
      public var staleDate: Int?
      public var dismissalDate: Int?
      public var attributesType: String?
      public var attributes: API.LiveActivityAttributes?
      public var alert: Alert?
      public var inputPushToken: Double?

      public init(timestamp: Int, event: Event, contentState: API.LiveActivityState, staleDate: Int? = nil, dismissalDate: Int? = nil, attributesType: String? = nil, attributes: API.LiveActivityAttributes? = nil, alert: Alert? = nil, inputPushToken: Double? = nil) {
        self.timestamp = timestamp
        self.event = event
        self.contentState = contentState
        self.staleDate = staleDate
        self.dismissalDate = dismissalDate
        self.attributesType = attributesType
        self.attributes = attributes
        self.alert = alert
        self.inputPushToken = inputPushToken
      }

      enum CodingKeys: String, CodingKey {
        case timestamp
        case event
        case contentState = "content-state"
        case staleDate = "stale-date"
        case dismissalDate = "dismissal-date"
        case attributesType = "attributes-type"
        case attributes
        case alert
        case inputPushToken = "input-push-token"
      }

      public enum Event: OpenEnum {
        case start
        case update
        case end
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "start": self = .start
          case "update": self = .update
          case "end": self = .end
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .start: "start"
          case .update: "update"
          case .end: "end"
          case .unknown(let word): word
          }
        }

        public static let known: [Event] = [.start, .update, .end]
      }

      public struct Alert: Codable, Sendable, Hashable {
        public var title: String
        public var body: String

        public init(title: String, body: String) {
          self.title = title
          self.body = body
        }
      }
    }
  }

  public struct LiveActivityState: Codable, Sendable, Hashable {
    /// waiting: for a permission or an answer.
    public var state: State
    /// The title of the tool that runs.
    public var tool: String?
    public var startedAt: Int
    public var leaseExpiresAt: Int
    public var lastText: String?

    public init(state: State, tool: String? = nil, startedAt: Int, leaseExpiresAt: Int, lastText: String? = nil) {
      self.state = state
      self.tool = tool
      self.startedAt = startedAt
      self.leaseExpiresAt = leaseExpiresAt
      self.lastText = lastText
    }

    public enum State: OpenEnum {
      case queued
      case running
      case completed
      case failed
      case interrupted
      case cancelled
      case waiting
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "queued": self = .queued
        case "running": self = .running
        case "completed": self = .completed
        case "failed": self = .failed
        case "interrupted": self = .interrupted
        case "cancelled": self = .cancelled
        case "waiting": self = .waiting
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .queued: "queued"
        case .running: "running"
        case .completed: "completed"
        case .failed: "failed"
        case .interrupted: "interrupted"
        case .cancelled: "cancelled"
        case .waiting: "waiting"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.queued, .running, .completed, .failed, .interrupted, .cancelled, .waiting]
    }
  }

  public struct LoggedDelivery: Codable, Sendable, Hashable {
    public var deliveryId: String
    public var cursor: Int
    public var kind: Kind
    public var state: State
    public var attempts: [Attempt]
    public var nextAttemptAt: Int?
    public var deviceId: String
    public var deviceName: String
    public var createdAt: Int

    public init(deliveryId: String, cursor: Int, kind: Kind, state: State, attempts: [Attempt], nextAttemptAt: Int? = nil, deviceId: String, deviceName: String, createdAt: Int) {
      self.deliveryId = deliveryId
      self.cursor = cursor
      self.kind = kind
      self.state = state
      self.attempts = attempts
      self.nextAttemptAt = nextAttemptAt
      self.deviceId = deviceId
      self.deviceName = deviceName
      self.createdAt = createdAt
    }

    public enum Kind: OpenEnum {
      case reply
      case failed
      case permission
      case question
      case plan
      case form
      case expiring
      case expired
      case crashed
      case notice
      case limit
      case login
      case resource
      case task
      case activityStart
      case activityEnd
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "reply": self = .reply
        case "failed": self = .failed
        case "permission": self = .permission
        case "question": self = .question
        case "plan": self = .plan
        case "form": self = .form
        case "expiring": self = .expiring
        case "expired": self = .expired
        case "crashed": self = .crashed
        case "notice": self = .notice
        case "limit": self = .limit
        case "login": self = .login
        case "resource": self = .resource
        case "task": self = .task
        case "activity-start": self = .activityStart
        case "activity-end": self = .activityEnd
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .reply: "reply"
        case .failed: "failed"
        case .permission: "permission"
        case .question: "question"
        case .plan: "plan"
        case .form: "form"
        case .expiring: "expiring"
        case .expired: "expired"
        case .crashed: "crashed"
        case .notice: "notice"
        case .limit: "limit"
        case .login: "login"
        case .resource: "resource"
        case .task: "task"
        case .activityStart: "activity-start"
        case .activityEnd: "activity-end"
        case .unknown(let word): word
        }
      }

      public static let known: [Kind] = [.reply, .failed, .permission, .question, .plan, .form, .expiring, .expired, .crashed, .notice, .limit, .login, .resource, .task, .activityStart, .activityEnd]
    }

    public enum State: OpenEnum {
      case pending
      case sent
      case acked
      case suppressed
      case gone
      case dead
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "pending": self = .pending
        case "sent": self = .sent
        case "acked": self = .acked
        case "suppressed": self = .suppressed
        case "gone": self = .gone
        case "dead": self = .dead
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .pending: "pending"
        case .sent: "sent"
        case .acked: "acked"
        case .suppressed: "suppressed"
        case .gone: "gone"
        case .dead: "dead"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.pending, .sent, .acked, .suppressed, .gone, .dead]
    }

    public struct Attempt: Codable, Sendable, Hashable {
      public var at: Int
      public var status: Int?
      public var reason: String?
      public var latencyMs: Double

      public init(at: Int, status: Int? = nil, reason: String? = nil, latencyMs: Double) {
        self.at = at
        self.status = status
        self.reason = reason
        self.latencyMs = latencyMs
      }
    }
  }

  public struct LoginRequiredEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "login.required", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var detail: String

      public init(detail: String) {
        self.detail = detail
      }
    }
  }

  public struct Message: Codable, Sendable, Hashable {
    public var messageId: String
    public var role: Role
    public var text: String
    public var turnId: String?
    /// Said in another program that went on with the conversation.
    public var origin: String?
    public var createdAt: Int
    /// The turn ended in the middle of the text.
    public var partial: Bool?

    public init(messageId: String, role: Role, text: String, turnId: String? = nil, origin: String? = nil, createdAt: Int, partial: Bool? = nil) {
      self.messageId = messageId
      self.role = role
      self.text = text
      self.turnId = turnId
      self.origin = origin
      self.createdAt = createdAt
      self.partial = partial
    }

    public enum Role: OpenEnum {
      case user
      case assistant
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "user": self = .user
        case "assistant": self = .assistant
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .user: "user"
        case .assistant: "assistant"
        case .unknown(let word): word
        }
      }

      public static let known: [Role] = [.user, .assistant]
    }
  }

  public struct MessageEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "message", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var messageId: String
      public var text: String
      /// The turn ended in the middle of it.
      public var partial: Bool?
      /// Of what another program did in the conversation: no device sent it.
      public var origin: String?

      public init(messageId: String, text: String, partial: Bool? = nil, origin: String? = nil) {
        self.messageId = messageId
        self.text = text
        self.partial = partial
        self.origin = origin
      }
    }
  }

  public struct Model: Codable, Sendable, Hashable {
    public var id: String
    public var name: String
    public var description: String
    public var object: String
    public var created: Int
    public var ownedBy: String

    public init(id: String, name: String, description: String, object: String = "model", created: Int, ownedBy: String) {
      self.id = id
      self.name = name
      self.description = description
      self.object = object
      self.created = created
      self.ownedBy = ownedBy
    }

    enum CodingKeys: String, CodingKey {
      case id
      case name
      case description
      case object
      case created
      case ownedBy = "owned_by"
    }
  }

  public struct NoticeEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "notice", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var text: String

      public init(text: String) {
        self.text = text
      }
    }
  }

  public struct OpenAiError: Codable, Sendable, Hashable {
    public var error: Error

    public init(error: Error) {
      self.error = error
    }

    public struct Error: Codable, Sendable, Hashable {
      public var message: String
      public var type: String
      public var param: String?
      public var code: API.ErrorCode

      public init(message: String, type: String, param: String? = nil, code: API.ErrorCode) {
        self.message = message
        self.type = type
        self.param = param
        self.code = code
      }
    }
  }

  public struct OutputLine: Codable, Sendable, Hashable {
    public var role: Role
    public var content: String
    /// ISO 8601, in UTC.
    public var timestamp: String
    /// The turn ended in the middle of the text.
    public var partial: Bool?

    public init(role: Role, content: String, timestamp: String, partial: Bool? = nil) {
      self.role = role
      self.content = content
      self.timestamp = timestamp
      self.partial = partial
    }

    public enum Role: OpenEnum {
      case user
      case assistant
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "user": self = .user
        case "assistant": self = .assistant
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .user: "user"
        case .assistant: "assistant"
        case .unknown(let word): word
        }
      }

      public static let known: [Role] = [.user, .assistant]
    }
  }

  public struct PastMessage: Codable, Sendable, Hashable {
    public var messageId: String
    public var role: Role
    /// Of a system message: Claude's summary of what came before, at a compaction.
    public var kind: String?
    public var text: String
    public var tools: [Tool]
    public var imageCount: Int
    public var createdAt: Int?

    public init(messageId: String, role: Role, kind: String? = nil, text: String, tools: [Tool], imageCount: Int, createdAt: Int? = nil) {
      self.messageId = messageId
      self.role = role
      self.kind = kind
      self.text = text
      self.tools = tools
      self.imageCount = imageCount
      self.createdAt = createdAt
    }

    public enum Role: OpenEnum {
      case user
      case assistant
      case system
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "user": self = .user
        case "assistant": self = .assistant
        case "system": self = .system
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .user: "user"
        case .assistant: "assistant"
        case .system: "system"
        case .unknown(let word): word
        }
      }

      public static let known: [Role] = [.user, .assistant, .system]
    }

    public struct Tool: Codable, Sendable, Hashable {
      public var toolUseId: String?
      public var toolName: String
      public var title: String

      public init(toolUseId: String? = nil, toolName: String, title: String) {
        self.toolUseId = toolUseId
        self.toolName = toolName
        self.title = title
      }
    }
  }

  /// Append to an upload that was cut off: the bytes from Upload-Offset on.
  public struct PatchAttachmentsByAttachmentIdResponse: Codable, Sendable, Hashable {
    public var attachmentId: String
    public var name: String?
    public var mimeType: String?
    public var sizeBytes: Int
    public var sha256: String?
    public var complete: Bool?
    /// When it is complete.
    public var attachment: Attachment?

    public init(attachmentId: String, name: String? = nil, mimeType: String? = nil, sizeBytes: Int, sha256: String? = nil, complete: Bool? = nil, attachment: Attachment? = nil) {
      self.attachmentId = attachmentId
      self.name = name
      self.mimeType = mimeType
      self.sizeBytes = sizeBytes
      self.sha256 = sha256
      self.complete = complete
      self.attachment = attachment
    }

    /// When it is complete.
    public struct Attachment: Codable, Sendable, Hashable {
      public var attachmentId: String
      public var name: String
      public var mimeType: String
      public var sizeBytes: Int
      public var sha256: String

      public init(attachmentId: String, name: String, mimeType: String, sizeBytes: Int, sha256: String) {
        self.attachmentId = attachmentId
        self.name = name
        self.mimeType = mimeType
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
      }
    }
  }

  /// Change a device's name, push target or preferences; what is absent stays, null removes.
  public struct PatchDevicesByIdRequest: Codable, Sendable, Hashable {
    public var name: String?
    public var push: Nullable<Push>?
    public var preferences: Preferences?

    public init(name: String? = nil, push: Nullable<Push>? = nil, preferences: Preferences? = nil) {
      self.name = name
      self.push = push
      self.preferences = preferences
    }

    public struct Push: Codable, Sendable, Hashable {
      public var provider: Provider?
      public var token: String?
      public var environment: Environment?
      public var topic: Nullable<String>?
      public var encryptionKey: Nullable<String>?
      public var subscription: Subscription?
      public var liveActivity: LiveActivity?

      public init(provider: Provider? = nil, token: String? = nil, environment: Environment? = nil, topic: Nullable<String>? = nil, encryptionKey: Nullable<String>? = nil, subscription: Subscription? = nil, liveActivity: LiveActivity? = nil) {
        self.provider = provider
        self.token = token
        self.environment = environment
        self.topic = topic
        self.encryptionKey = encryptionKey
        self.subscription = subscription
        self.liveActivity = liveActivity
      }

      public enum Provider: OpenEnum {
        case apns
        case webpush
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "apns": self = .apns
          case "webpush": self = .webpush
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .apns: "apns"
          case .webpush: "webpush"
          case .unknown(let word): word
          }
        }

        public static let known: [Provider] = [.apns, .webpush]
      }

      public enum Environment: OpenEnum {
        case sandbox
        case production
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "sandbox": self = .sandbox
          case "production": self = .production
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .sandbox: "sandbox"
          case .production: "production"
          case .unknown(let word): word
          }
        }

        public static let known: [Environment] = [.sandbox, .production]
      }

      public struct Subscription: Codable, Sendable, Hashable {
        public var endpoint: String
        public var keys: Keys

        public init(endpoint: String, keys: Keys) {
          self.endpoint = endpoint
          self.keys = keys
        }

        public struct Keys: Codable, Sendable, Hashable {
          public var p256dh: String
          public var auth: String

          public init(p256dh: String, auth: String) {
            self.p256dh = p256dh
            self.auth = auth
          }
        }
      }

      public struct LiveActivity: Codable, Sendable, Hashable {
        public var pushToStartToken: Nullable<String>?

        public init(pushToStartToken: Nullable<String>? = nil) {
          self.pushToStartToken = pushToStartToken
        }
      }
    }

    public struct Preferences: Codable, Sendable, Hashable {
      public var mutedKinds: [MutedKind]?
      public var quietHours: Nullable<QuietHours>?

      public init(mutedKinds: [MutedKind]? = nil, quietHours: Nullable<QuietHours>? = nil) {
        self.mutedKinds = mutedKinds
        self.quietHours = quietHours
      }

      public enum MutedKind: OpenEnum {
        case reply
        case failed
        case permission
        case question
        case plan
        case form
        case expiring
        case expired
        case crashed
        case notice
        case limit
        case login
        case resource
        case task
        case activity
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "reply": self = .reply
          case "failed": self = .failed
          case "permission": self = .permission
          case "question": self = .question
          case "plan": self = .plan
          case "form": self = .form
          case "expiring": self = .expiring
          case "expired": self = .expired
          case "crashed": self = .crashed
          case "notice": self = .notice
          case "limit": self = .limit
          case "login": self = .login
          case "resource": self = .resource
          case "task": self = .task
          case "activity": self = .activity
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .reply: "reply"
          case .failed: "failed"
          case .permission: "permission"
          case .question: "question"
          case .plan: "plan"
          case .form: "form"
          case .expiring: "expiring"
          case .expired: "expired"
          case .crashed: "crashed"
          case .notice: "notice"
          case .limit: "limit"
          case .login: "login"
          case .resource: "resource"
          case .task: "task"
          case .activity: "activity"
          case .unknown(let word): word
          }
        }

        public static let known: [MutedKind] = [.reply, .failed, .permission, .question, .plan, .form, .expiring, .expired, .crashed, .notice, .limit, .login, .resource, .task, .activity]
      }

      public struct QuietHours: Codable, Sendable, Hashable {
        public var startMinute: Int
        public var endMinute: Int
        public var timeZone: String

        public init(startMinute: Int, endMinute: Int, timeZone: String) {
          self.startMinute = startMinute
          self.endMinute = endMinute
          self.timeZone = timeZone
        }
      }
    }
  }

  /// Change a session; model and permission mode switch live.
  public struct PatchSessionsByIdRequest: Codable, Sendable, Hashable {
    public var title: String?
    public var model: Nullable<String>?
    public var permissionMode: API.PermissionMode?
    public var muted: Bool?
    public var autoKeepAlive: Bool?

    public init(title: String? = nil, model: Nullable<String>? = nil, permissionMode: API.PermissionMode? = nil, muted: Bool? = nil, autoKeepAlive: Bool? = nil) {
      self.title = title
      self.model = model
      self.permissionMode = permissionMode
      self.muted = muted
      self.autoKeepAlive = autoKeepAlive
    }
  }

  /// Change limits; what is absent stays, null goes back to the default.
  public struct PatchSettingsRequest: Codable, Sendable, Hashable {
    public var maxConcurrentSessions: Nullable<JSONValue>?
    public var maxQueuedTurns: Nullable<Double>?
    public var requestsPerMinute: Nullable<Double>?
    public var sessionTimeoutHours: Nullable<Double>?
    public var sessionWarningHours: Nullable<Double>?
    public var sessionFinalWarningMinutes: Nullable<Double>?
    public var sessionIdleMinutes: Nullable<Double>?
    public var maxMemoryPerSessionMb: Nullable<Double>?
    public var maxMemoryPerToolMb: Nullable<Double>?
    public var maxTotalMemoryGb: Nullable<Double>?
    public var cpuUsageLimitPercent: Nullable<Double>?
    public var healthIntervalSeconds: Nullable<Double>?
    public var resourceSampleSeconds: Nullable<Double>?
    public var turnStallMinutes: Nullable<Double>?
    public var permissionTimeoutMinutes: Nullable<Double>?
    public var prewarmedProcesses: Nullable<Double>?
    public var pushGraceMs: Nullable<Double>?
    public var retentionDays: Nullable<Double>?
    public var shutdownGraceSeconds: Nullable<Double>?

    public init(maxConcurrentSessions: Nullable<JSONValue>? = nil, maxQueuedTurns: Nullable<Double>? = nil, requestsPerMinute: Nullable<Double>? = nil, sessionTimeoutHours: Nullable<Double>? = nil, sessionWarningHours: Nullable<Double>? = nil, sessionFinalWarningMinutes: Nullable<Double>? = nil, sessionIdleMinutes: Nullable<Double>? = nil, maxMemoryPerSessionMb: Nullable<Double>? = nil, maxMemoryPerToolMb: Nullable<Double>? = nil, maxTotalMemoryGb: Nullable<Double>? = nil, cpuUsageLimitPercent: Nullable<Double>? = nil, healthIntervalSeconds: Nullable<Double>? = nil, resourceSampleSeconds: Nullable<Double>? = nil, turnStallMinutes: Nullable<Double>? = nil, permissionTimeoutMinutes: Nullable<Double>? = nil, prewarmedProcesses: Nullable<Double>? = nil, pushGraceMs: Nullable<Double>? = nil, retentionDays: Nullable<Double>? = nil, shutdownGraceSeconds: Nullable<Double>? = nil) {
      self.maxConcurrentSessions = maxConcurrentSessions
      self.maxQueuedTurns = maxQueuedTurns
      self.requestsPerMinute = requestsPerMinute
      self.sessionTimeoutHours = sessionTimeoutHours
      self.sessionWarningHours = sessionWarningHours
      self.sessionFinalWarningMinutes = sessionFinalWarningMinutes
      self.sessionIdleMinutes = sessionIdleMinutes
      self.maxMemoryPerSessionMb = maxMemoryPerSessionMb
      self.maxMemoryPerToolMb = maxMemoryPerToolMb
      self.maxTotalMemoryGb = maxTotalMemoryGb
      self.cpuUsageLimitPercent = cpuUsageLimitPercent
      self.healthIntervalSeconds = healthIntervalSeconds
      self.resourceSampleSeconds = resourceSampleSeconds
      self.turnStallMinutes = turnStallMinutes
      self.permissionTimeoutMinutes = permissionTimeoutMinutes
      self.prewarmedProcesses = prewarmedProcesses
      self.pushGraceMs = pushGraceMs
      self.retentionDays = retentionDays
      self.shutdownGraceSeconds = shutdownGraceSeconds
    }
  }

  public struct Permission: Codable, Sendable, Hashable {
    public var permissionId: String
    public var sessionId: String
    public var turnId: String
    public var kind: Kind
    /// The subagent that asks. Its turn is the one that started it, and may have ended.
    public var agent: API.Agent?
    public var toolName: String
    public var toolUseId: String?
    /// One line; control, bidirectional and invisible characters are escapes.
    public var title: String
    public var description: String?
    /// The MCP server whose tool, or whose form, it is.
    public var server: String?
    public var input: [String: JSONValue]
    public var plan: String?
    public var questions: [JSONValue]?
    public var suggestions: [JSONValue]
    public var form: API.Form?
    /// How long an allow can hold.
    public var scopes: [Scope]
    /// Not to be allowed by its title alone: something is hidden or cut, or Claude's own default is no.
    public var lookFirst: Bool
    /// The title does not show all that would be done.
    public var truncated: Bool
    public var requestedAt: Int
    public var expiresAt: Int
    public var state: State
    public var decision: Decision?

    public init(permissionId: String, sessionId: String, turnId: String, kind: Kind, agent: API.Agent? = nil, toolName: String, toolUseId: String? = nil, title: String, description: String? = nil, server: String? = nil, input: [String: JSONValue], plan: String? = nil, questions: [JSONValue]? = nil, suggestions: [JSONValue], form: API.Form? = nil, scopes: [Scope], lookFirst: Bool, truncated: Bool, requestedAt: Int, expiresAt: Int, state: State, decision: Decision? = nil) {
      self.permissionId = permissionId
      self.sessionId = sessionId
      self.turnId = turnId
      self.kind = kind
      self.agent = agent
      self.toolName = toolName
      self.toolUseId = toolUseId
      self.title = title
      self.description = description
      self.server = server
      self.input = input
      self.plan = plan
      self.questions = questions
      self.suggestions = suggestions
      self.form = form
      self.scopes = scopes
      self.lookFirst = lookFirst
      self.truncated = truncated
      self.requestedAt = requestedAt
      self.expiresAt = expiresAt
      self.state = state
      self.decision = decision
    }

    public enum Kind: OpenEnum {
      case tool
      case question
      case plan
      case form
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "tool": self = .tool
        case "question": self = .question
        case "plan": self = .plan
        case "form": self = .form
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .tool: "tool"
        case .question: "question"
        case .plan: "plan"
        case .form: "form"
        case .unknown(let word): word
        }
      }

      public static let known: [Kind] = [.tool, .question, .plan, .form]
    }

    public enum Scope: OpenEnum {
      case once
      case session
      case always
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "once": self = .once
        case "session": self = .session
        case "always": self = .always
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .once: "once"
        case .session: "session"
        case .always: "always"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.once, .session, .always]
    }

    public enum State: OpenEnum {
      case open
      case resolved
      case expired
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "open": self = .open
        case "resolved": self = .resolved
        case "expired": self = .expired
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .open: "open"
        case .resolved: "resolved"
        case .expired: "expired"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.open, .resolved, .expired]
    }

    public struct Decision: Codable, Sendable, Hashable {
      public var decision: DecisionValue
      public var message: String?
      public var updatedInput: [String: JSONValue]?
      public var scope: Scope?
      public var answers: [String: JSONValue]?

      public init(decision: DecisionValue, message: String? = nil, updatedInput: [String: JSONValue]? = nil, scope: Scope? = nil, answers: [String: JSONValue]? = nil) {
        self.decision = decision
        self.message = message
        self.updatedInput = updatedInput
        self.scope = scope
        self.answers = answers
      }

      public enum DecisionValue: OpenEnum {
        case allow
        case deny
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "allow": self = .allow
          case "deny": self = .deny
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .allow: "allow"
          case .deny: "deny"
          case .unknown(let word): word
          }
        }

        public static let known: [DecisionValue] = [.allow, .deny]
      }

      public enum Scope: OpenEnum {
        case once
        case session
        case always
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "once": self = .once
          case "session": self = .session
          case "always": self = .always
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .once: "once"
          case .session: "session"
          case .always: "always"
          case .unknown(let word): word
          }
        }

        public static let known: [Scope] = [.once, .session, .always]
      }
    }
  }

  public struct PermissionExpiredEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "permission.expired", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var permissionId: String
      public var reason: Reason

      public init(permissionId: String, reason: Reason) {
        self.permissionId = permissionId
        self.reason = reason
      }

      public enum Reason: OpenEnum {
        case timedOut
        case turnEnded
        case processGone
        case serverRestarted
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "timed_out": self = .timedOut
          case "turn_ended": self = .turnEnded
          case "process_gone": self = .processGone
          case "server_restarted": self = .serverRestarted
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .timedOut: "timed_out"
          case .turnEnded: "turn_ended"
          case .processGone: "process_gone"
          case .serverRestarted: "server_restarted"
          case .unknown(let word): word
          }
        }

        public static let known: [Reason] = [.timedOut, .turnEnded, .processGone, .serverRestarted]
      }
    }
  }

  /// Answer a permission, a question or a plan.
  public struct PermissionFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var permissionId: String
    public var decision: Decision
    public var message: String?
    public var updatedInput: [String: JSONValue]?
    public var scope: Scope?
    public var answers: [String: JSONValue]?

    public init(type: String = "permission", ref: String? = nil, permissionId: String, decision: Decision, message: String? = nil, updatedInput: [String: JSONValue]? = nil, scope: Scope? = nil, answers: [String: JSONValue]? = nil) {
      self.type = type
      self.ref = ref
      self.permissionId = permissionId
      self.decision = decision
      self.message = message
      self.updatedInput = updatedInput
      self.scope = scope
      self.answers = answers
    }

    public enum Decision: OpenEnum {
      case allow
      case deny
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "allow": self = .allow
        case "deny": self = .deny
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .unknown(let word): word
        }
      }

      public static let known: [Decision] = [.allow, .deny]
    }

    public enum Scope: OpenEnum {
      case once
      case session
      case always
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "once": self = .once
        case "session": self = .session
        case "always": self = .always
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .once: "once"
        case .session: "session"
        case .always: "always"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.once, .session, .always]
    }
  }

  public enum PermissionMode: OpenEnum {
    case `default`
    case acceptEdits
    case plan
    case dontAsk
    case bypassPermissions
    /// A word of a newer server.
    case unknown(String)

    public init(rawValue: String) {
      switch rawValue {
      case "default": self = .`default`
      case "acceptEdits": self = .acceptEdits
      case "plan": self = .plan
      case "dontAsk": self = .dontAsk
      case "bypassPermissions": self = .bypassPermissions
      default: self = .unknown(rawValue)
      }
    }

    public var rawValue: String {
      switch self {
      case .`default`: "default"
      case .acceptEdits: "acceptEdits"
      case .plan: "plan"
      case .dontAsk: "dontAsk"
      case .bypassPermissions: "bypassPermissions"
      case .unknown(let word): word
      }
    }

    public static let known: [PermissionMode] = [.`default`, .acceptEdits, .plan, .dontAsk, .bypassPermissions]
  }

  public struct PermissionRequestedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "permission.requested", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var permissionId: String
      public var sessionId: String
      public var turnId: String
      public var kind: Kind
      /// The subagent that asks. Its turn is the one that started it, and may have ended.
      public var agent: API.Agent?
      public var toolName: String
      public var toolUseId: String?
      /// One line; control, bidirectional and invisible characters are escapes.
      public var title: String
      public var description: String?
      /// The MCP server whose tool, or whose form, it is.
      public var server: String?
      public var input: [String: JSONValue]
      public var plan: String?
      public var questions: [JSONValue]?
      public var suggestions: [JSONValue]
      public var form: API.Form?
      /// How long an allow can hold.
      public var scopes: [Scope]
      /// Not to be allowed by its title alone: something is hidden or cut, or Claude's own default is no.
      public var lookFirst: Bool
      /// The title does not show all that would be done.
      public var truncated: Bool
      public var requestedAt: Int
      public var expiresAt: Int

      public init(permissionId: String, sessionId: String, turnId: String, kind: Kind, agent: API.Agent? = nil, toolName: String, toolUseId: String? = nil, title: String, description: String? = nil, server: String? = nil, input: [String: JSONValue], plan: String? = nil, questions: [JSONValue]? = nil, suggestions: [JSONValue], form: API.Form? = nil, scopes: [Scope], lookFirst: Bool, truncated: Bool, requestedAt: Int, expiresAt: Int) {
        self.permissionId = permissionId
        self.sessionId = sessionId
        self.turnId = turnId
        self.kind = kind
        self.agent = agent
        self.toolName = toolName
        self.toolUseId = toolUseId
        self.title = title
        self.description = description
        self.server = server
        self.input = input
        self.plan = plan
        self.questions = questions
        self.suggestions = suggestions
        self.form = form
        self.scopes = scopes
        self.lookFirst = lookFirst
        self.truncated = truncated
        self.requestedAt = requestedAt
        self.expiresAt = expiresAt
      }

      public enum Kind: OpenEnum {
        case tool
        case question
        case plan
        case form
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "tool": self = .tool
          case "question": self = .question
          case "plan": self = .plan
          case "form": self = .form
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .tool: "tool"
          case .question: "question"
          case .plan: "plan"
          case .form: "form"
          case .unknown(let word): word
          }
        }

        public static let known: [Kind] = [.tool, .question, .plan, .form]
      }

      public enum Scope: OpenEnum {
        case once
        case session
        case always
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "once": self = .once
          case "session": self = .session
          case "always": self = .always
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .once: "once"
          case .session: "session"
          case .always: "always"
          case .unknown(let word): word
          }
        }

        public static let known: [Scope] = [.once, .session, .always]
      }
    }
  }

  public struct PermissionResolvedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "permission.resolved", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var permissionId: String
      public var decision: Decision
      public var by: String
      /// What runs instead of the input that was asked about.
      public var updatedInput: [String: JSONValue]?

      public init(permissionId: String, decision: Decision, by: String, updatedInput: [String: JSONValue]? = nil) {
        self.permissionId = permissionId
        self.decision = decision
        self.by = by
        self.updatedInput = updatedInput
      }

      public enum Decision: OpenEnum {
        case allow
        case deny
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "allow": self = .allow
          case "deny": self = .deny
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .allow: "allow"
          case .deny: "deny"
          case .unknown(let word): word
          }
        }

        public static let known: [Decision] = [.allow, .deny]
      }
    }
  }

  /// Ask whether the server is there.
  public struct PingFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?

    public init(type: String = "ping", ref: String? = nil) {
      self.type = type
      self.ref = ref
    }
  }

  public struct PlanWindow: Codable, Sendable, Hashable {
    public var id: String
    public var label: String
    public var utilizationPercent: Double
    public var resetsAt: Int?

    public init(id: String, label: String, utilizationPercent: Double, resetsAt: Int? = nil) {
      self.id = id
      self.label = label
      self.utilizationPercent = utilizationPercent
      self.resetsAt = resetsAt
    }
  }

  /// The answer to ping.
  public struct PongFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?

    public init(type: String = "pong", ref: String? = nil) {
      self.type = type
      self.ref = ref
    }
  }

  /// Ask Claude one thing, or several at once; no session is kept, and what needs a permission is denied.
  public struct PostAskRequest: Codable, Sendable, Hashable {
    public var projectPath: String
    public var prompt: String?
    public var prompts: [String]?
    public var model: String?
    public var timeoutMs: Int?
    public var concurrency: Int?

    public init(projectPath: String, prompt: String? = nil, prompts: [String]? = nil, model: String? = nil, timeoutMs: Int? = nil, concurrency: Int? = nil) {
      self.projectPath = projectPath
      self.prompt = prompt
      self.prompts = prompts
      self.model = model
      self.timeoutMs = timeoutMs
      self.concurrency = concurrency
    }
  }

  /// Ask Claude one thing, or several at once; no session is kept, and what needs a permission is denied.
  public struct PostAskResponse: Codable, Sendable, Hashable {
    public var text: String?
    public var costUsd: Double?
    public var durationMs: Double?
    public var denied: [DeniedItem]?
    public var results: [Result]?

    public init(text: String? = nil, costUsd: Double? = nil, durationMs: Double? = nil, denied: [DeniedItem]? = nil, results: [Result]? = nil) {
      self.text = text
      self.costUsd = costUsd
      self.durationMs = durationMs
      self.denied = denied
      self.results = results
    }

    public struct DeniedItem: Codable, Sendable, Hashable {
      public var toolName: String
      public var title: String

      public init(toolName: String, title: String) {
        self.toolName = toolName
        self.title = title
      }
    }

    public struct Result: Codable, Sendable, Hashable {
      public var text: String?
      public var costUsd: Double?
      public var durationMs: Double?
      public var denied: [DeniedItem]?
      public var error: Error?

      public init(text: String? = nil, costUsd: Double? = nil, durationMs: Double? = nil, denied: [DeniedItem]? = nil, error: Error? = nil) {
        self.text = text
        self.costUsd = costUsd
        self.durationMs = durationMs
        self.denied = denied
        self.error = error
      }

      public struct DeniedItem: Codable, Sendable, Hashable {
        public var toolName: String
        public var title: String

        public init(toolName: String, title: String) {
          self.toolName = toolName
          self.title = title
        }
      }

      public struct Error: Codable, Sendable, Hashable {
        public var code: String
        public var detail: String

        public init(code: String, detail: String) {
          self.code = code
          self.detail = detail
        }
      }
    }
  }

  /// Upload a file for a later message: the raw body, with Content-Type and X-Filename (UTF-8 or percent-encoded), or a form (multipart/form-data) with one file.
  public struct PostAttachmentsResponse: Codable, Sendable, Hashable {
    public var attachmentId: String
    public var name: String?
    public var mimeType: String?
    public var sizeBytes: Int
    public var sha256: String?
    public var complete: Bool?
    /// When it is complete.
    public var attachment: Attachment?

    public init(attachmentId: String, name: String? = nil, mimeType: String? = nil, sizeBytes: Int, sha256: String? = nil, complete: Bool? = nil, attachment: Attachment? = nil) {
      self.attachmentId = attachmentId
      self.name = name
      self.mimeType = mimeType
      self.sizeBytes = sizeBytes
      self.sha256 = sha256
      self.complete = complete
      self.attachment = attachment
    }

    /// When it is complete.
    public struct Attachment: Codable, Sendable, Hashable {
      public var attachmentId: String
      public var name: String
      public var mimeType: String
      public var sizeBytes: Int
      public var sha256: String

      public init(attachmentId: String, name: String, mimeType: String, sizeBytes: Int, sha256: String) {
        self.attachmentId = attachmentId
        self.name = name
        self.mimeType = mimeType
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
      }
    }
  }

  /// Stop the running turn of a session.
  public struct PostChatInterruptRequest: Codable, Sendable, Hashable {
    public var sessionId: String
    public var turnId: String?

    public init(sessionId: String, turnId: String? = nil) {
      self.sessionId = sessionId
      self.turnId = turnId
    }
  }

  /// Stop the running turn of a session.
  public struct PostChatInterruptResponse: Codable, Sendable, Hashable {
    public var interrupted: Bool
    public var turnId: String

    public init(interrupted: Bool, turnId: String) {
      self.interrupted = interrupted
      self.turnId = turnId
    }
  }

  /// Send a message; 202 when it is kept, 200 with the reply under Prefer: wait=SECONDS.
  public struct PostChatRequest: Codable, Sendable, Hashable {
    public var message: String
    public var sessionId: String?
    public var projectPath: String?
    public var clientMessageId: String?
    public var attachments: [Attachment]?
    public var model: String?
    public var permissionMode: API.PermissionMode?
    /// The instant at which it is to run; at once without it.
    public var sendAt: Int?
    /// How long the turn may run before it is ended as failed (timed_out).
    public var timeoutMs: Int?
    /// Paths in the project, whose contents go to Claude with the message.
    public var contextFiles: [String]?
    /// The caller's APNs token, registered when the message is accepted; one that cannot be Apple's is left, and pushWarning says so.
    public var deviceToken: String?

    public init(message: String, sessionId: String? = nil, projectPath: String? = nil, clientMessageId: String? = nil, attachments: [Attachment]? = nil, model: String? = nil, permissionMode: API.PermissionMode? = nil, sendAt: Int? = nil, timeoutMs: Int? = nil, contextFiles: [String]? = nil, deviceToken: String? = nil) {
      self.message = message
      self.sessionId = sessionId
      self.projectPath = projectPath
      self.clientMessageId = clientMessageId
      self.attachments = attachments
      self.model = model
      self.permissionMode = permissionMode
      self.sendAt = sendAt
      self.timeoutMs = timeoutMs
      self.contextFiles = contextFiles
      self.deviceToken = deviceToken
    }

    public struct Attachment: Codable, Sendable, Hashable {
      public var attachmentId: String?
      public var name: String?
      /// A media type such as image/png; with parameters, or empty, is right too.
      public var mimeType: String?
      public var data: String?

      public init(attachmentId: String? = nil, name: String? = nil, mimeType: String? = nil, data: String? = nil) {
        self.attachmentId = attachmentId
        self.name = name
        self.mimeType = mimeType
        self.data = data
      }
    }
  }

  /// Send a message; 202 when it is kept, 200 with the reply under Prefer: wait=SECONDS.
  public struct PostChatResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String
    public var turnId: String
    public var clientMessageId: String
    public var state: API.TurnState
    public var queuePosition: Int
    public var duplicate: Bool
    public var expiresAt: Int
    public var requestId: String
    /// How news will reach the device now.
    public var deliveryMethod: [String]
    /// Why the deviceToken was not registered.
    public var pushWarning: String?
    public var reply: API.Reply?
    public var error: API.Failure?
    /// Under Prefer: tasks, the turns in which Claude spoke of the tasks that the turn began.
    public var ownTurns: [OwnTurn]?

    public init(success: Bool = true, sessionId: String, turnId: String, clientMessageId: String, state: API.TurnState, queuePosition: Int, duplicate: Bool, expiresAt: Int, requestId: String, deliveryMethod: [String], pushWarning: String? = nil, reply: API.Reply? = nil, error: API.Failure? = nil, ownTurns: [OwnTurn]? = nil) {
      self.success = success
      self.sessionId = sessionId
      self.turnId = turnId
      self.clientMessageId = clientMessageId
      self.state = state
      self.queuePosition = queuePosition
      self.duplicate = duplicate
      self.expiresAt = expiresAt
      self.requestId = requestId
      self.deliveryMethod = deliveryMethod
      self.pushWarning = pushWarning
      self.reply = reply
      self.error = error
      self.ownTurns = ownTurns
    }

    public struct OwnTurn: Codable, Sendable, Hashable {
      public var turnId: String
      public var reply: API.Reply

      public init(turnId: String, reply: API.Reply) {
        self.turnId = turnId
        self.reply = reply
      }
    }
  }

  /// Register the caller's APNs token (kept for older clients; see PATCH /api/devices/me).
  public struct PostDevicesRegisterRequest: Codable, Sendable, Hashable {
    public var deviceToken: String
    public var platform: String?
    public var bundleId: String?

    public init(deviceToken: String, platform: String? = nil, bundleId: String? = nil) {
      self.deviceToken = deviceToken
      self.platform = platform
      self.bundleId = bundleId
    }
  }

  /// Register the caller's APNs token (kept for older clients; see PATCH /api/devices/me).
  public struct PostDevicesRegisterResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var deviceId: String

    public init(success: Bool = true, deviceId: String) {
      self.success = success
      self.deviceId = deviceId
    }
  }

  /// Send a push to the caller's device and tell what its push service said.
  public struct PostDevicesTestPushResponse: Codable, Sendable, Hashable {
    public var outcome: String
    public var apnsId: String
    public var status: Int?
    public var reason: String?
    /// The reason in words, when the server's own side is at fault.
    public var detail: String?
    public var latencyMs: Double

    public init(outcome: String, apnsId: String, status: Int? = nil, reason: String? = nil, detail: String? = nil, latencyMs: Double) {
      self.outcome = outcome
      self.apnsId = apnsId
      self.status = status
      self.reason = reason
      self.detail = detail
      self.latencyMs = latencyMs
    }
  }

  /// Say that the device holds everything up to a cursor.
  public struct PostEventsAckRequest: Codable, Sendable, Hashable {
    public var cursor: Int

    public init(cursor: Int) {
      self.cursor = cursor
    }
  }

  /// Say that the device holds everything up to a cursor.
  public struct PostEventsAckResponse: Codable, Sendable, Hashable {
    public var cursor: Int

    public init(cursor: Int) {
      self.cursor = cursor
    }
  }

  /// Use a pairing code: the new device's token, shown this once.
  public struct PostPairRequest: Codable, Sendable, Hashable {
    public var code: String
    public var device: Device

    public init(code: String, device: Device) {
      self.code = code
      self.device = device
    }

    public struct Device: Codable, Sendable, Hashable {
      public var name: String
      public var platform: String

      public init(name: String, platform: String) {
        self.name = name
        self.platform = platform
      }
    }
  }

  /// Use a pairing code: the new device's token, shown this once.
  public struct PostPairResponse: Codable, Sendable, Hashable {
    public var deviceId: String
    public var token: String
    public var serverName: String
    public var epoch: String

    public init(deviceId: String, token: String, serverName: String, epoch: String) {
      self.deviceId = deviceId
      self.token = token
      self.serverName = serverName
      self.epoch = epoch
    }
  }

  /// Make a pairing code: one use, ten minutes.
  public struct PostPairingCodesRequest: Codable, Sendable, Hashable {
    public var scope: Scope?

    public init(scope: Scope? = nil) {
      self.scope = scope
    }

    public enum Scope: OpenEnum {
      case read
      case chat
      case admin
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "read": self = .read
        case "chat": self = .chat
        case "admin": self = .admin
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .read: "read"
        case .chat: "chat"
        case .admin: "admin"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.read, .chat, .admin]
    }
  }

  /// Make a pairing code: one use, ten minutes.
  public struct PostPairingCodesResponse: Codable, Sendable, Hashable {
    public var code: String
    public var expiresAt: Int
    public var url: String
    public var pageUrl: String

    public init(code: String, expiresAt: Int, url: String, pageUrl: String) {
      self.code = code
      self.expiresAt = expiresAt
      self.url = url
      self.pageUrl = pageUrl
    }
  }

  /// Answer one; the same answer again is no error.
  public struct PostPermissionsByPermissionIdRequest: Codable, Sendable, Hashable {
    public var decision: Decision
    public var message: String?
    public var updatedInput: [String: JSONValue]?
    public var scope: Scope?
    public var answers: [String: JSONValue]?

    public init(decision: Decision, message: String? = nil, updatedInput: [String: JSONValue]? = nil, scope: Scope? = nil, answers: [String: JSONValue]? = nil) {
      self.decision = decision
      self.message = message
      self.updatedInput = updatedInput
      self.scope = scope
      self.answers = answers
    }

    public enum Decision: OpenEnum {
      case allow
      case deny
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "allow": self = .allow
        case "deny": self = .deny
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .unknown(let word): word
        }
      }

      public static let known: [Decision] = [.allow, .deny]
    }

    public enum Scope: OpenEnum {
      case once
      case session
      case always
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "once": self = .once
        case "session": self = .session
        case "always": self = .always
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .once: "once"
        case .session: "session"
        case .always: "always"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.once, .session, .always]
    }
  }

  /// Answer one; the same answer again is no error.
  public struct PostPermissionsByPermissionIdResponse: Codable, Sendable, Hashable {
    public var permissionId: String
    public var state: String
    public var decision: Decision
    /// How long it holds.
    public var scope: Scope

    public init(permissionId: String, state: String = "resolved", decision: Decision, scope: Scope) {
      self.permissionId = permissionId
      self.state = state
      self.decision = decision
      self.scope = scope
    }

    public enum Decision: OpenEnum {
      case allow
      case deny
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "allow": self = .allow
        case "deny": self = .deny
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .unknown(let word): word
        }
      }

      public static let known: [Decision] = [.allow, .deny]
    }

    public enum Scope: OpenEnum {
      case once
      case session
      case always
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "once": self = .once
        case "session": self = .session
        case "always": self = .always
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .once: "once"
        case .session: "session"
        case .always: "always"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.once, .session, .always]
    }
  }

  /// Make a directory under a root; 200 when it was there already.
  public struct PostProjectsRequest: Codable, Sendable, Hashable {
    public var root: String
    public var name: String

    public init(root: String, name: String) {
      self.root = root
      self.name = name
    }
  }

  /// A new session that begins as a copy of this one, up to a message or as it is now.
  public struct PostSessionsByIdForkRequest: Codable, Sendable, Hashable {
    public var atMessageId: String?

    public init(atMessageId: String? = nil) {
      self.atMessageId = atMessageId
    }
  }

  /// Say that the owner has read the session up to an event; all devices share it.
  public struct PostSessionsByIdReadRequest: Codable, Sendable, Hashable {
    public var seq: Int

    public init(seq: Int) {
      self.seq = seq
    }
  }

  /// Say that the owner has read the session up to an event; all devices share it.
  public struct PostSessionsByIdReadResponse: Codable, Sendable, Hashable {
    public var sessionId: String
    public var readSeq: Int
    public var unread: Int

    public init(sessionId: String, readSeq: Int, unread: Int) {
      self.sessionId = sessionId
      self.readSeq = readSeq
      self.unread = unread
    }
  }

  /// Take the project's files back to before a message, or count what that would change.
  public struct PostSessionsByIdRewindRequest: Codable, Sendable, Hashable {
    public var messageId: String
    public var dryRun: Bool?

    public init(messageId: String, dryRun: Bool? = nil) {
      self.messageId = messageId
      self.dryRun = dryRun
    }
  }

  /// Take the project's files back to before a message, or count what that would change.
  public struct PostSessionsByIdRewindResponse: Codable, Sendable, Hashable {
    public var canRewind: Bool
    public var filesChanged: [String]
    public var insertions: Int
    public var deletions: Int
    public var detail: String?

    public init(canRewind: Bool, filesChanged: [String], insertions: Int, deletions: Int, detail: String? = nil) {
      self.canRewind = canRewind
      self.filesChanged = filesChanged
      self.insertions = insertions
      self.deletions = deletions
      self.detail = detail
    }
  }

  /// Stop the process of one session, or of all; the sessions stay.
  public struct PostSessionsCancelRequest: Codable, Sendable, Hashable {
    public var sessionId: String?

    public init(sessionId: String? = nil) {
      self.sessionId = sessionId
    }
  }

  /// Stop the process of one session, or of all; the sessions stay.
  public struct PostSessionsCancelResponse: Codable, Sendable, Hashable {
    public var cancelled: [String]

    public init(cancelled: [String]) {
      self.cancelled = cancelled
    }
  }

  /// Open the session's next lease term without a model turn; with the action recap after a recap of it.
  public struct PostSessionsKeepAliveRequest: Codable, Sendable, Hashable {
    public var sessionId: String
    public var action: Action?

    public init(sessionId: String, action: Action? = nil) {
      self.sessionId = sessionId
      self.action = action
    }

    public enum Action: OpenEnum {
      case extend
      case recap
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "extend": self = .extend
        case "recap": self = .recap
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .extend: "extend"
        case .recap: "recap"
        case .unknown(let word): word
        }
      }

      public static let known: [Action] = [.extend, .recap]
    }
  }

  /// Open the session's next lease term without a model turn; with the action recap after a recap of it.
  public struct PostSessionsKeepAliveResponse: Codable, Sendable, Hashable {
    public var success: Bool
    public var sessionId: String
    public var extended: Bool
    public var expiresAt: Int
    public var recap: API.Recap?

    public init(success: Bool = true, sessionId: String, extended: Bool, expiresAt: Int, recap: API.Recap? = nil) {
      self.success = success
      self.sessionId = sessionId
      self.extended = extended
      self.expiresAt = expiresAt
      self.recap = recap
    }
  }

  /// Make a session in a project, or go on with a conversation of it: resume names it, or is latest (404 when none).
  public struct PostSessionsRequest: Codable, Sendable, Hashable {
    public var projectPath: String
    public var title: String?
    public var model: String?
    public var permissionMode: API.PermissionMode?
    /// Id of the Claude conversation to go on with; latest is the project's newest.
    public var resume: String?
    /// Goes on in a copy of the conversation.
    public var fork: Bool?
    /// The last message that is taken over.
    public var resumeAt: String?
    /// Stands in the place of Claude's own system prompt; an admin's only.
    public var systemPrompt: String?
    public var appendSystemPrompt: String?
    /// Tools that run without asking. A chat token may name such that only look at files.
    public var allowedTools: [String]?
    public var disallowedTools: [String]?
    public var maxTurns: Int?
    public var maxBudgetUsd: Double?

    public init(projectPath: String, title: String? = nil, model: String? = nil, permissionMode: API.PermissionMode? = nil, resume: String? = nil, fork: Bool? = nil, resumeAt: String? = nil, systemPrompt: String? = nil, appendSystemPrompt: String? = nil, allowedTools: [String]? = nil, disallowedTools: [String]? = nil, maxTurns: Int? = nil, maxBudgetUsd: Double? = nil) {
      self.projectPath = projectPath
      self.title = title
      self.model = model
      self.permissionMode = permissionMode
      self.resume = resume
      self.fork = fork
      self.resumeAt = resumeAt
      self.systemPrompt = systemPrompt
      self.appendSystemPrompt = appendSystemPrompt
      self.allowedTools = allowedTools
      self.disallowedTools = disallowedTools
      self.maxTurns = maxTurns
      self.maxBudgetUsd = maxBudgetUsd
    }
  }

  /// Say whether the app is in the foreground.
  public struct PresenceFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var foreground: Bool
    public var sessionId: String?

    public init(type: String = "presence", ref: String? = nil, foreground: Bool, sessionId: String? = nil) {
      self.type = type
      self.ref = ref
      self.foreground = foreground
      self.sessionId = sessionId
    }
  }

  public struct Problem: Codable, Sendable, Hashable {
    public var type: String
    public var title: String
    public var status: Int
    public var code: API.ErrorCode
    public var detail: String
    public var requestId: String
    public var retryAfterMs: Int?
    public var errors: [Error]?

    public init(type: String, title: String, status: Int, code: API.ErrorCode, detail: String, requestId: String, retryAfterMs: Int? = nil, errors: [Error]? = nil) {
      self.type = type
      self.title = title
      self.status = status
      self.code = code
      self.detail = detail
      self.requestId = requestId
      self.retryAfterMs = retryAfterMs
      self.errors = errors
    }

    public struct Error: Codable, Sendable, Hashable {
      public var path: String
      public var message: String

      public init(path: String, message: String) {
        self.path = path
        self.message = message
      }
    }
  }

  public struct Project: Codable, Sendable, Hashable {
    public var projectId: String
    public var path: String
    public var name: String
    public var sessionCount: Int
    public var lastActivityAt: Int?
    /// Whether the project's own settings act: it brings none, the owner has not said so, what it says to Claude lies outside it, or the owner trusts it.
    public var trust: Trust
    /// What was answered with “always”, in Claude's own notation.
    public var rules: [String]

    public init(projectId: String, path: String, name: String, sessionCount: Int, lastActivityAt: Int? = nil, trust: Trust, rules: [String]) {
      self.projectId = projectId
      self.path = path
      self.name = name
      self.sessionCount = sessionCount
      self.lastActivityAt = lastActivityAt
      self.trust = trust
      self.rules = rules
    }

    public enum Trust: OpenEnum {
      case plain
      case untrusted
      case suspect
      case trusted
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "plain": self = .plain
        case "untrusted": self = .untrusted
        case "suspect": self = .suspect
        case "trusted": self = .trusted
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .plain: "plain"
        case .untrusted: "untrusted"
        case .suspect: "suspect"
        case .trusted: "trusted"
        case .unknown(let word): word
        }
      }

      public static let known: [Trust] = [.plain, .untrusted, .suspect, .trusted]
    }
  }

  public struct ProjectSession: Codable, Sendable, Hashable {
    public var sessionId: String
    public var title: String
    public var firstMessage: String?
    public var createdAt: Int?
    public var lastActivityAt: Int
    public var sizeBytes: Int?
    public var gitBranch: String?
    /// Of a session of this server; null for one that was begun elsewhere and not resumed yet.
    public var state: State?
    /// A terminal on the computer holds it now: only a fork can go on.
    public var held: Bool

    public init(sessionId: String, title: String, firstMessage: String? = nil, createdAt: Int? = nil, lastActivityAt: Int, sizeBytes: Int? = nil, gitBranch: String? = nil, state: State? = nil, held: Bool) {
      self.sessionId = sessionId
      self.title = title
      self.firstMessage = firstMessage
      self.createdAt = createdAt
      self.lastActivityAt = lastActivityAt
      self.sizeBytes = sizeBytes
      self.gitBranch = gitBranch
      self.state = state
      self.held = held
    }

    public enum State: OpenEnum {
      case idle
      case busy
      case waiting
      case parked
      case expired
      case quarantined
      case closed
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "idle": self = .idle
        case "busy": self = .busy
        case "waiting": self = .waiting
        case "parked": self = .parked
        case "expired": self = .expired
        case "quarantined": self = .quarantined
        case "closed": self = .closed
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .idle: "idle"
        case .busy: "busy"
        case .waiting: "waiting"
        case .parked: "parked"
        case .expired: "expired"
        case .quarantined: "quarantined"
        case .closed: "closed"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.idle, .busy, .waiting, .parked, .expired, .quarantined, .closed]
    }
  }

  public struct PushSubject: Codable, Sendable, Hashable {
    /// The version of this object: 1.
    public var v: Int
    /// A newer server may send others: show the alert as it is.
    public var kind: Kind
    /// Of the event that the push is about.
    public var cursor: Int
    public var sessionId: String
    public var turnId: String?
    /// GET /api/messages/:messageId has the whole text.
    public var messageId: String?
    public var permissionId: String?
    /// When the subject ends: a permission, a lease.
    public var expiresAt: Int?
    /// The alert shows less than there is: fetch before acting.
    public var truncated: Bool

    public init(v: Int, kind: Kind, cursor: Int, sessionId: String, turnId: String? = nil, messageId: String? = nil, permissionId: String? = nil, expiresAt: Int? = nil, truncated: Bool) {
      self.v = v
      self.kind = kind
      self.cursor = cursor
      self.sessionId = sessionId
      self.turnId = turnId
      self.messageId = messageId
      self.permissionId = permissionId
      self.expiresAt = expiresAt
      self.truncated = truncated
    }

    public enum Kind: OpenEnum {
      case reply
      case failed
      case permission
      case question
      case plan
      case form
      case expiring
      case expired
      case crashed
      case notice
      case limit
      case login
      case resource
      case task
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "reply": self = .reply
        case "failed": self = .failed
        case "permission": self = .permission
        case "question": self = .question
        case "plan": self = .plan
        case "form": self = .form
        case "expiring": self = .expiring
        case "expired": self = .expired
        case "crashed": self = .crashed
        case "notice": self = .notice
        case "limit": self = .limit
        case "login": self = .login
        case "resource": self = .resource
        case "task": self = .task
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .reply: "reply"
        case .failed: "failed"
        case .permission: "permission"
        case .question: "question"
        case .plan: "plan"
        case .form: "form"
        case .expiring: "expiring"
        case .expired: "expired"
        case .crashed: "crashed"
        case .notice: "notice"
        case .limit: "limit"
        case .login: "login"
        case .resource: "resource"
        case .task: "task"
        case .unknown(let word): word
        }
      }

      public static let known: [Kind] = [.reply, .failed, .permission, .question, .plan, .form, .expiring, .expired, .crashed, .notice, .limit, .login, .resource, .task]
    }
  }

  /// Name the push token of the caller's Live Activity, which shows the session's turn.
  public struct PutSessionsByIdLiveActivityRequest: Codable, Sendable, Hashable {
    public var activityToken: String

    public init(activityToken: String) {
      self.activityToken = activityToken
    }
  }

  /// Name the push token of the caller's Live Activity, which shows the session's turn.
  public struct PutSessionsByIdLiveActivityResponse: Codable, Sendable, Hashable {
    public var sessionId: String
    public var turnId: String
    public var state: State

    public init(sessionId: String, turnId: String, state: State) {
      self.sessionId = sessionId
      self.turnId = turnId
      self.state = state
    }

    public enum State: OpenEnum {
      case waiting
      case queued
      case running
      case completed
      case failed
      case interrupted
      case cancelled
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "waiting": self = .waiting
        case "queued": self = .queued
        case "running": self = .running
        case "completed": self = .completed
        case "failed": self = .failed
        case "interrupted": self = .interrupted
        case "cancelled": self = .cancelled
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .waiting: "waiting"
        case .queued: "queued"
        case .running: "running"
        case .completed: "completed"
        case .failed: "failed"
        case .interrupted: "interrupted"
        case .cancelled: "cancelled"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.waiting, .queued, .running, .completed, .failed, .interrupted, .cancelled]
    }
  }

  public struct Recap: Codable, Sendable, Hashable {
    public var text: String
    public var createdAt: Int
    public var turnCount: Int
    public var cached: Bool

    public init(text: String, createdAt: Int, turnCount: Int, cached: Bool) {
      self.text = text
      self.createdAt = createdAt
      self.turnCount = turnCount
      self.cached = cached
    }
  }

  public struct Reply: Codable, Sendable, Hashable {
    public var messageId: String
    public var text: String
    public var costUsd: Double
    public var usage: API.Usage
    public var durationMs: Double
    public var numTurns: Int

    public init(messageId: String, text: String, costUsd: Double, usage: API.Usage, durationMs: Double, numTurns: Int) {
      self.messageId = messageId
      self.text = text
      self.costUsd = costUsd
      self.usage = usage
      self.durationMs = durationMs
      self.numTurns = numTurns
    }
  }

  public struct ResourceHistory: Codable, Sendable, Hashable {
    public var points: [Point]
    /// Those that have a process.
    public var sessions: [Session]

    public init(points: [Point], sessions: [Session]) {
      self.points = points
      self.sessions = sessions
    }

    public struct Point: Codable, Sendable, Hashable {
      public var at: Int
      /// 100 is one core.
      public var cpuPercent: Double
      public var memoryBytes: Double
      public var liveSessions: Int

      public init(at: Int, cpuPercent: Double, memoryBytes: Double, liveSessions: Int) {
        self.at = at
        self.cpuPercent = cpuPercent
        self.memoryBytes = memoryBytes
        self.liveSessions = liveSessions
      }
    }

    public struct Session: Codable, Sendable, Hashable {
      public var sessionId: String
      public var points: [Point]

      public init(sessionId: String, points: [Point]) {
        self.sessionId = sessionId
        self.points = points
      }

      public struct Point: Codable, Sendable, Hashable {
        public var at: Int
        /// 100 is one core.
        public var cpuPercent: Double
        public var rssBytes: Double

        public init(at: Int, cpuPercent: Double, rssBytes: Double) {
          self.at = at
          self.cpuPercent = cpuPercent
          self.rssBytes = rssBytes
        }
      }
    }
  }

  public struct ResourceWarningEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "resource.warning", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var kind: String
      public var detail: String

      public init(kind: String, detail: String) {
        self.kind = kind
        self.detail = detail
      }
    }
  }

  public struct Response: Codable, Sendable, Hashable {
    public var id: String
    public var object: String
    public var createdAt: Int
    public var status: Status
    public var background: Bool
    public var error: Error?
    public var incompleteDetails: JSONValue
    public var instructions: String?
    public var maxOutputTokens: JSONValue
    public var metadata: [String: String]
    public var model: String
    public var output: [API.ResponseMessage]
    public var parallelToolCalls: Bool
    public var previousResponseId: String?
    public var conversation: Conversation
    public var reasoning: Reasoning
    public var store: Bool
    public var temperature: JSONValue
    public var text: Text
    public var toolChoice: String
    public var tools: [JSONValue]
    public var topP: JSONValue
    public var truncation: String
    public var usage: API.ResponseUsage?
    public var user: String?

    public init(id: String, object: String = "response", createdAt: Int, status: Status, background: Bool = false, error: Error? = nil, incompleteDetails: JSONValue, instructions: String? = nil, maxOutputTokens: JSONValue, metadata: [String: String], model: String, output: [API.ResponseMessage], parallelToolCalls: Bool, previousResponseId: String? = nil, conversation: Conversation, reasoning: Reasoning, store: Bool, temperature: JSONValue, text: Text, toolChoice: String = "auto", tools: [JSONValue], topP: JSONValue, truncation: String = "disabled", usage: API.ResponseUsage? = nil, user: String? = nil) {
      self.id = id
      self.object = object
      self.createdAt = createdAt
      self.status = status
      self.background = background
      self.error = error
      self.incompleteDetails = incompleteDetails
      self.instructions = instructions
      self.maxOutputTokens = maxOutputTokens
      self.metadata = metadata
      self.model = model
      self.output = output
      self.parallelToolCalls = parallelToolCalls
      self.previousResponseId = previousResponseId
      self.conversation = conversation
      self.reasoning = reasoning
      self.store = store
      self.temperature = temperature
      self.text = text
      self.toolChoice = toolChoice
      self.tools = tools
      self.topP = topP
      self.truncation = truncation
      self.usage = usage
      self.user = user
    }

    enum CodingKeys: String, CodingKey {
      case id
      case object
      case createdAt = "created_at"
      case status
      case background
      case error
      case incompleteDetails = "incomplete_details"
      case instructions
      case maxOutputTokens = "max_output_tokens"
      case metadata
      case model
      case output
      case parallelToolCalls = "parallel_tool_calls"
      case previousResponseId = "previous_response_id"
      case conversation
      case reasoning
      case store
      case temperature
      case text
      case toolChoice = "tool_choice"
      case tools
      case topP = "top_p"
      case truncation
      case usage
      case user
    }

    public enum Status: OpenEnum {
      case queued
      case inProgress
      case completed
      case failed
      case cancelled
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "queued": self = .queued
        case "in_progress": self = .inProgress
        case "completed": self = .completed
        case "failed": self = .failed
        case "cancelled": self = .cancelled
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .queued: "queued"
        case .inProgress: "in_progress"
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .unknown(let word): word
        }
      }

      public static let known: [Status] = [.queued, .inProgress, .completed, .failed, .cancelled]
    }

    public struct Error: Codable, Sendable, Hashable {
      public var code: API.ErrorCode
      public var message: String

      public init(code: API.ErrorCode, message: String) {
        self.code = code
        self.message = message
      }
    }

    public struct Conversation: Codable, Sendable, Hashable {
      public var id: String

      public init(id: String) {
        self.id = id
      }
    }

    public struct Reasoning: Codable, Sendable, Hashable {
      public var effort: JSONValue
      public var summary: JSONValue

      public init(effort: JSONValue, summary: JSONValue) {
        self.effort = effort
        self.summary = summary
      }
    }

    public struct Text: Codable, Sendable, Hashable {
      public var format: Format

      public init(format: Format) {
        self.format = format
      }

      public struct Format: Codable, Sendable, Hashable {
        public var type: String

        public init(type: String = "text") {
          self.type = type
        }
      }
    }
  }

  public struct ResponseEvent: Codable, Sendable, Hashable {
    public var type: String
    public var sequenceNumber: Int
    public var response: API.Response?
    public var outputIndex: Int?
    public var item: API.ResponseMessage?
    public var itemId: String?
    public var contentIndex: Int?
    public var part: Part?
    public var delta: String?
    public var logprobs: [JSONValue]?
    public var text: String?

    public init(type: String, sequenceNumber: Int, response: API.Response? = nil, outputIndex: Int? = nil, item: API.ResponseMessage? = nil, itemId: String? = nil, contentIndex: Int? = nil, part: Part? = nil, delta: String? = nil, logprobs: [JSONValue]? = nil, text: String? = nil) {
      self.type = type
      self.sequenceNumber = sequenceNumber
      self.response = response
      self.outputIndex = outputIndex
      self.item = item
      self.itemId = itemId
      self.contentIndex = contentIndex
      self.part = part
      self.delta = delta
      self.logprobs = logprobs
      self.text = text
    }

    enum CodingKeys: String, CodingKey {
      case type
      case sequenceNumber = "sequence_number"
      case response
      case outputIndex = "output_index"
      case item
      case itemId = "item_id"
      case contentIndex = "content_index"
      case part
      case delta
      case logprobs
      case text
    }

    public struct Part: Codable, Sendable, Hashable {
      public var type: String
      public var text: String
      public var annotations: [JSONValue]
      public var logprobs: [JSONValue]

      public init(type: String = "output_text", text: String, annotations: [JSONValue], logprobs: [JSONValue]) {
        self.type = type
        self.text = text
        self.annotations = annotations
        self.logprobs = logprobs
      }
    }
  }

  public struct ResponseMessage: Codable, Sendable, Hashable {
    public var id: String
    public var type: String
    public var role: String
    public var status: Status
    public var content: [ContentItem]

    public init(id: String, type: String = "message", role: String = "assistant", status: Status, content: [ContentItem]) {
      self.id = id
      self.type = type
      self.role = role
      self.status = status
      self.content = content
    }

    public enum Status: OpenEnum {
      case inProgress
      case completed
      case incomplete
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "in_progress": self = .inProgress
        case "completed": self = .completed
        case "incomplete": self = .incomplete
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .inProgress: "in_progress"
        case .completed: "completed"
        case .incomplete: "incomplete"
        case .unknown(let word): word
        }
      }

      public static let known: [Status] = [.inProgress, .completed, .incomplete]
    }

    public struct ContentItem: Codable, Sendable, Hashable {
      public var type: String
      public var text: String
      public var annotations: [JSONValue]
      public var logprobs: [JSONValue]

      public init(type: String = "output_text", text: String, annotations: [JSONValue], logprobs: [JSONValue]) {
        self.type = type
        self.text = text
        self.annotations = annotations
        self.logprobs = logprobs
      }
    }
  }

  public struct ResponseUsage: Codable, Sendable, Hashable {
    public var inputTokens: Int
    public var inputTokensDetails: InputTokensDetails
    public var outputTokens: Int
    public var outputTokensDetails: OutputTokensDetails
    public var totalTokens: Int

    public init(inputTokens: Int, inputTokensDetails: InputTokensDetails, outputTokens: Int, outputTokensDetails: OutputTokensDetails, totalTokens: Int) {
      self.inputTokens = inputTokens
      self.inputTokensDetails = inputTokensDetails
      self.outputTokens = outputTokens
      self.outputTokensDetails = outputTokensDetails
      self.totalTokens = totalTokens
    }

    enum CodingKeys: String, CodingKey {
      case inputTokens = "input_tokens"
      case inputTokensDetails = "input_tokens_details"
      case outputTokens = "output_tokens"
      case outputTokensDetails = "output_tokens_details"
      case totalTokens = "total_tokens"
    }

    public struct InputTokensDetails: Codable, Sendable, Hashable {
      public var cachedTokens: Int

      public init(cachedTokens: Int) {
        self.cachedTokens = cachedTokens
      }

      enum CodingKeys: String, CodingKey {
        case cachedTokens = "cached_tokens"
      }
    }

    public struct OutputTokensDetails: Codable, Sendable, Hashable {
      public var reasoningTokens: Int

      public init(reasoningTokens: Int) {
        self.reasoningTokens = reasoningTokens
      }

      enum CodingKeys: String, CodingKey {
        case reasoningTokens = "reasoning_tokens"
      }
    }
  }

  /// The answer to every other order.
  public struct ResultFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var cursor: Int?
    public var permissionId: String?
    public var state: String?
    public var decision: Decision?
    /// How long it holds.
    public var scope: Scope?
    public var sessionId: String?
    public var interrupted: Bool?
    public var turnId: String?
    public var success: Bool?
    public var extended: Bool?
    public var expiresAt: Int?
    public var recap: API.Recap?
    public var truncated: Bool?
    public var foreground: Bool?

    public init(type: String = "result", ref: String? = nil, cursor: Int? = nil, permissionId: String? = nil, state: String? = nil, decision: Decision? = nil, scope: Scope? = nil, sessionId: String? = nil, interrupted: Bool? = nil, turnId: String? = nil, success: Bool? = nil, extended: Bool? = nil, expiresAt: Int? = nil, recap: API.Recap? = nil, truncated: Bool? = nil, foreground: Bool? = nil) {
      self.type = type
      self.ref = ref
      self.cursor = cursor
      self.permissionId = permissionId
      self.state = state
      self.decision = decision
      self.scope = scope
      self.sessionId = sessionId
      self.interrupted = interrupted
      self.turnId = turnId
      self.success = success
      self.extended = extended
      self.expiresAt = expiresAt
      self.recap = recap
      self.truncated = truncated
      self.foreground = foreground
    }

    public enum Decision: OpenEnum {
      case allow
      case deny
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "allow": self = .allow
        case "deny": self = .deny
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .unknown(let word): word
        }
      }

      public static let known: [Decision] = [.allow, .deny]
    }

    public enum Scope: OpenEnum {
      case once
      case session
      case always
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "once": self = .once
        case "session": self = .session
        case "always": self = .always
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .once: "once"
        case .session: "session"
        case .always: "always"
        case .unknown(let word): word
        }
      }

      public static let known: [Scope] = [.once, .session, .always]
    }
  }

  public struct SealedPush: Codable, Sendable, Hashable {
    /// The version of this object: 1.
    public var v: Int
    /// A newer server may send others: show the alert as it is.
    public var kind: Kind
    /// Of the event that the push is about.
    public var cursor: Int
    public var sessionId: String
    public var turnId: String?
    /// GET /api/messages/:messageId has the whole text.
    public var messageId: String?
    public var permissionId: String?
    /// When the subject ends: a permission, a lease.
    public var expiresAt: Int?
    /// The alert shows less than there is: fetch before acting.
    public var truncated: Bool
    public var title: String
    public var subtitle: String?
    public var body: String

    public init(v: Int, kind: Kind, cursor: Int, sessionId: String, turnId: String? = nil, messageId: String? = nil, permissionId: String? = nil, expiresAt: Int? = nil, truncated: Bool, title: String, subtitle: String? = nil, body: String) {
      self.v = v
      self.kind = kind
      self.cursor = cursor
      self.sessionId = sessionId
      self.turnId = turnId
      self.messageId = messageId
      self.permissionId = permissionId
      self.expiresAt = expiresAt
      self.truncated = truncated
      self.title = title
      self.subtitle = subtitle
      self.body = body
    }

    public enum Kind: OpenEnum {
      case reply
      case failed
      case permission
      case question
      case plan
      case form
      case expiring
      case expired
      case crashed
      case notice
      case limit
      case login
      case resource
      case task
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "reply": self = .reply
        case "failed": self = .failed
        case "permission": self = .permission
        case "question": self = .question
        case "plan": self = .plan
        case "form": self = .form
        case "expiring": self = .expiring
        case "expired": self = .expired
        case "crashed": self = .crashed
        case "notice": self = .notice
        case "limit": self = .limit
        case "login": self = .login
        case "resource": self = .resource
        case "task": self = .task
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .reply: "reply"
        case .failed: "failed"
        case .permission: "permission"
        case .question: "question"
        case .plan: "plan"
        case .form: "form"
        case .expiring: "expiring"
        case .expired: "expired"
        case .crashed: "crashed"
        case .notice: "notice"
        case .limit: "limit"
        case .login: "login"
        case .resource: "resource"
        case .task: "task"
        case .unknown(let word): word
        }
      }

      public static let known: [Kind] = [.reply, .failed, .permission, .question, .plan, .form, .expiring, .expired, .crashed, .notice, .limit, .login, .resource, .task]
    }
  }

  /// Send a message.
  public struct SendFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var message: String
    public var sessionId: String?
    public var projectPath: String?
    public var clientMessageId: String
    public var attachments: [Attachment]?
    public var model: String?
    public var permissionMode: API.PermissionMode?
    /// The instant at which it is to run; at once without it.
    public var sendAt: Int?
    /// How long the turn may run before it is ended as failed (timed_out).
    public var timeoutMs: Int?
    /// Paths in the project, whose contents go to Claude with the message.
    public var contextFiles: [String]?

    public init(type: String = "send", ref: String? = nil, message: String, sessionId: String? = nil, projectPath: String? = nil, clientMessageId: String, attachments: [Attachment]? = nil, model: String? = nil, permissionMode: API.PermissionMode? = nil, sendAt: Int? = nil, timeoutMs: Int? = nil, contextFiles: [String]? = nil) {
      self.type = type
      self.ref = ref
      self.message = message
      self.sessionId = sessionId
      self.projectPath = projectPath
      self.clientMessageId = clientMessageId
      self.attachments = attachments
      self.model = model
      self.permissionMode = permissionMode
      self.sendAt = sendAt
      self.timeoutMs = timeoutMs
      self.contextFiles = contextFiles
    }

    public struct Attachment: Codable, Sendable, Hashable {
      public var attachmentId: String?
      public var name: String?
      /// A media type such as image/png; with parameters, or empty, is right too.
      public var mimeType: String?
      public var data: String?

      public init(attachmentId: String? = nil, name: String? = nil, mimeType: String? = nil, data: String? = nil) {
        self.attachmentId = attachmentId
        self.name = name
        self.mimeType = mimeType
        self.data = data
      }
    }
  }

  public enum ServerFrame: Codable, Sendable, Hashable {
    case welcome(API.WelcomeFrame)
    case event(API.EventFrame)
    case delta(API.DeltaFrame)
    case activity(API.ActivityFrame)
    case accepted(API.AcceptedFrame)
    case result(API.ResultFrame)
    case error(API.ErrorFrame)
    case pong(API.PongFrame)
    /// A member that this version does not know, or one whose fields have changed; `type` is its `type`.
    case unknown(type: String, raw: JSONValue)

    enum TagKeys: String, CodingKey { case tag = "type" }

    public init(from decoder: any Decoder) throws {
      let tag = try decoder.container(keyedBy: TagKeys.self).decodeIfPresent(String.self, forKey: .tag)
      switch tag {
      case "welcome":
        if let value = try? API.WelcomeFrame(from: decoder) { self = .welcome(value); return }
      case "event":
        if let value = try? API.EventFrame(from: decoder) { self = .event(value); return }
      case "delta":
        if let value = try? API.DeltaFrame(from: decoder) { self = .delta(value); return }
      case "activity":
        if let value = try? API.ActivityFrame(from: decoder) { self = .activity(value); return }
      case "accepted":
        if let value = try? API.AcceptedFrame(from: decoder) { self = .accepted(value); return }
      case "result":
        if let value = try? API.ResultFrame(from: decoder) { self = .result(value); return }
      case "error":
        if let value = try? API.ErrorFrame(from: decoder) { self = .error(value); return }
      case "pong":
        if let value = try? API.PongFrame(from: decoder) { self = .pong(value); return }
      default: break
      }
      self = .unknown(type: tag ?? "", raw: try JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
      switch self {
      case .welcome(let value): try value.encode(to: encoder)
      case .event(let value): try value.encode(to: encoder)
      case .delta(let value): try value.encode(to: encoder)
      case .activity(let value): try value.encode(to: encoder)
      case .accepted(let value): try value.encode(to: encoder)
      case .result(let value): try value.encode(to: encoder)
      case .error(let value): try value.encode(to: encoder)
      case .pong(let value): try value.encode(to: encoder)
      case .unknown(_, let raw): try raw.encode(to: encoder)
      }
    }
  }

  /// A conversation with Claude in one project directory.
  public struct Session: Codable, Sendable, Hashable {
    public var sessionId: String
    public var projectPath: String
    public var title: String
    public var state: API.SessionState
    public var model: String?
    public var permissionMode: API.PermissionMode
    public var createdAt: Int
    public var lastActivityAt: Int
    public var lease: API.Lease
    public var timeRemainingMs: Double
    public var turnCount: Int
    public var queuedTurns: Int
    public var lastSeq: Int
    public var costUsd: Double
    public var tokens: Tokens
    public var muted: Bool
    public var autoKeepAlive: Bool
    public var openPermissions: Int
    /// The owner has read up to this event, on any device.
    public var readSeq: Int
    /// Events beyond it that call for the owner.
    public var unread: Int
    /// What Claude said last, at most 200 characters of it.
    public var lastText: String?
    /// Why the last turn failed, until another one is completed.
    public var lastError: LastError?
    /// What runs now.
    public var turn: Turn?
    /// Background work that outlives turns.
    public var runningTasks: Int
    /// In lists at most its first 1,000 characters.
    public var systemPrompt: String?
    /// In lists at most its first 1,000 characters.
    public var appendSystemPrompt: String?
    /// Tools that run without asking.
    public var allowedTools: [String]?
    /// What Claude proposes to say next; empty again with the next message.
    public var suggestedPrompts: [String]
    /// Absent until a turn has ended.
    public var context: API.ContextFill?
    /// The branch of the project's repository.
    public var gitBranch: String?
    /// The conversation is being summed up to make room.
    public var compacting: Bool
    /// Absent while the session has no process.
    public var process: Process?

    public init(sessionId: String, projectPath: String, title: String, state: API.SessionState, model: String? = nil, permissionMode: API.PermissionMode, createdAt: Int, lastActivityAt: Int, lease: API.Lease, timeRemainingMs: Double, turnCount: Int, queuedTurns: Int, lastSeq: Int, costUsd: Double, tokens: Tokens, muted: Bool, autoKeepAlive: Bool, openPermissions: Int, readSeq: Int, unread: Int, lastText: String? = nil, lastError: LastError? = nil, turn: Turn? = nil, runningTasks: Int, systemPrompt: String? = nil, appendSystemPrompt: String? = nil, allowedTools: [String]? = nil, suggestedPrompts: [String], context: API.ContextFill? = nil, gitBranch: String? = nil, compacting: Bool, process: Process? = nil) {
      self.sessionId = sessionId
      self.projectPath = projectPath
      self.title = title
      self.state = state
      self.model = model
      self.permissionMode = permissionMode
      self.createdAt = createdAt
      self.lastActivityAt = lastActivityAt
      self.lease = lease
      self.timeRemainingMs = timeRemainingMs
      self.turnCount = turnCount
      self.queuedTurns = queuedTurns
      self.lastSeq = lastSeq
      self.costUsd = costUsd
      self.tokens = tokens
      self.muted = muted
      self.autoKeepAlive = autoKeepAlive
      self.openPermissions = openPermissions
      self.readSeq = readSeq
      self.unread = unread
      self.lastText = lastText
      self.lastError = lastError
      self.turn = turn
      self.runningTasks = runningTasks
      self.systemPrompt = systemPrompt
      self.appendSystemPrompt = appendSystemPrompt
      self.allowedTools = allowedTools
      self.suggestedPrompts = suggestedPrompts
      self.context = context
      self.gitBranch = gitBranch
      self.compacting = compacting
      self.process = process
    }

    public struct Tokens: Codable, Sendable, Hashable {
      public var input: Int
      public var output: Int

      public init(input: Int, output: Int) {
        self.input = input
        self.output = output
      }
    }

    /// Why the last turn failed, until another one is completed.
    public struct LastError: Codable, Sendable, Hashable {
      public var code: API.ErrorCode
      public var detail: String
      public var at: Int

      public init(code: API.ErrorCode, detail: String, at: Int) {
        self.code = code
        self.detail = detail
        self.at = at
      }
    }

    /// What runs now.
    public struct Turn: Codable, Sendable, Hashable {
      public var turnId: String
      public var origin: API.TurnOrigin
      public var startedAt: Int
      public var lastTool: String?

      public init(turnId: String, origin: API.TurnOrigin, startedAt: Int, lastTool: String? = nil) {
        self.turnId = turnId
        self.origin = origin
        self.startedAt = startedAt
        self.lastTool = lastTool
      }
    }

    /// Absent while the session has no process.
    public struct Process: Codable, Sendable, Hashable {
      public var pid: Int
      public var startedAt: Int
      /// Memory of the CLI alone, which its limit is about.
      public var rssBytes: Double
      /// Memory of what it started: tools and MCP servers.
      public var toolsRssBytes: Double
      public var cpuPercent: Double
      public var processCount: Int

      public init(pid: Int, startedAt: Int, rssBytes: Double, toolsRssBytes: Double, cpuPercent: Double, processCount: Int) {
        self.pid = pid
        self.startedAt = startedAt
        self.rssBytes = rssBytes
        self.toolsRssBytes = toolsRssBytes
        self.cpuPercent = cpuPercent
        self.processCount = processCount
      }
    }
  }

  public struct SessionClosedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.closed", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var by: String
      /// Nothing of the session is kept: forget it.
      public var erased: Bool?

      public init(by: String, erased: Bool? = nil) {
        self.by = by
        self.erased = erased
      }
    }
  }

  public struct SessionCommandsEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.commands", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public init() {}
    }
  }

  public struct SessionCompactedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.compacted", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var trigger: Trigger
      public var tokensBefore: Int
      public var tokensAfter: Int?

      public init(trigger: Trigger, tokensBefore: Int, tokensAfter: Int? = nil) {
        self.trigger = trigger
        self.tokensBefore = tokensBefore
        self.tokensAfter = tokensAfter
      }

      public enum Trigger: OpenEnum {
        case manual
        case auto
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "manual": self = .manual
          case "auto": self = .auto
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .manual: "manual"
          case .auto: "auto"
          case .unknown(let word): word
          }
        }

        public static let known: [Trigger] = [.manual, .auto]
      }
    }
  }

  public struct SessionContinuedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.continued", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var by: String
      public var turns: Int
      /// The last thing Claude said there, 200 characters.
      public var lastText: String?

      public init(by: String = "terminal", turns: Int, lastText: String? = nil) {
        self.by = by
        self.turns = turns
        self.lastText = lastText
      }
    }
  }

  public struct SessionCrashedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.crashed", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var detail: String

      public init(detail: String) {
        self.detail = detail
      }
    }
  }

  public struct SessionCreatedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.created", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var projectPath: String
      public var title: String
      public var model: String?
      public var permissionMode: API.PermissionMode
      /// In lists at most its first 1,000 characters.
      public var systemPrompt: String?
      /// In lists at most its first 1,000 characters.
      public var appendSystemPrompt: String?
      /// Tools that run without asking.
      public var allowedTools: [String]?

      public init(projectPath: String, title: String, model: String? = nil, permissionMode: API.PermissionMode, systemPrompt: String? = nil, appendSystemPrompt: String? = nil, allowedTools: [String]? = nil) {
        self.projectPath = projectPath
        self.title = title
        self.model = model
        self.permissionMode = permissionMode
        self.systemPrompt = systemPrompt
        self.appendSystemPrompt = appendSystemPrompt
        self.allowedTools = allowedTools
      }
    }
  }

  public struct SessionExpiredEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.expired", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var term: Int
      public var expiredAt: Int

      public init(term: Int, expiredAt: Int) {
        self.term = term
        self.expiredAt = expiredAt
      }
    }
  }

  public struct SessionExpiringEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.expiring", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var expiresAt: Int
      public var timeRemainingMs: Double
      public var final: Bool

      public init(expiresAt: Int, timeRemainingMs: Double, final: Bool) {
        self.expiresAt = expiresAt
        self.timeRemainingMs = timeRemainingMs
        self.final = final
      }
    }
  }

  public struct SessionHeldEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.held", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var by: String
      public var pid: Int

      public init(by: String = "terminal", pid: Int) {
        self.by = by
        self.pid = pid
      }
    }
  }

  public struct SessionMetrics: Codable, Sendable, Hashable {
    public var sinceAt: Int
    public var totalSessions: Int
    public var maxSessions: Int
    /// With `MAX_CONCURRENT_SESSIONS=auto`: what keeps `maxSessions` from being higher.
    public var maxSessionsLimitedBy: MaxSessionsLimitedBy?
    public var availableSlots: Int
    public var queuedTurns: Int
    public var memoryUsageBytes: Double
    public var memoryLimitBytes: Double
    public var cpuPercent: Double
    public var spares: Int
    public var starts: Starts
    public var wakes: Int
    public var parks: [String: Int]
    public var recycles: Int
    public var crashes: Int
    public var recoveries: Int
    public var quarantines: Int
    public var warnings: Warnings
    public var expiries: Int
    public var renewals: [String: Int]
    public var limits: Int
    public var loginsRequired: Int
    public var turns: Turns
    public var peakProcesses: Int
    public var peakMemoryBytes: Double

    public init(sinceAt: Int, totalSessions: Int, maxSessions: Int, maxSessionsLimitedBy: MaxSessionsLimitedBy? = nil, availableSlots: Int, queuedTurns: Int, memoryUsageBytes: Double, memoryLimitBytes: Double, cpuPercent: Double, spares: Int, starts: Starts, wakes: Int, parks: [String: Int], recycles: Int, crashes: Int, recoveries: Int, quarantines: Int, warnings: Warnings, expiries: Int, renewals: [String: Int], limits: Int, loginsRequired: Int, turns: Turns, peakProcesses: Int, peakMemoryBytes: Double) {
      self.sinceAt = sinceAt
      self.totalSessions = totalSessions
      self.maxSessions = maxSessions
      self.maxSessionsLimitedBy = maxSessionsLimitedBy
      self.availableSlots = availableSlots
      self.queuedTurns = queuedTurns
      self.memoryUsageBytes = memoryUsageBytes
      self.memoryLimitBytes = memoryLimitBytes
      self.cpuPercent = cpuPercent
      self.spares = spares
      self.starts = starts
      self.wakes = wakes
      self.parks = parks
      self.recycles = recycles
      self.crashes = crashes
      self.recoveries = recoveries
      self.quarantines = quarantines
      self.warnings = warnings
      self.expiries = expiries
      self.renewals = renewals
      self.limits = limits
      self.loginsRequired = loginsRequired
      self.turns = turns
      self.peakProcesses = peakProcesses
      self.peakMemoryBytes = peakMemoryBytes
    }

    public enum MaxSessionsLimitedBy: OpenEnum {
      case memory
      case load
      case maximum
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "memory": self = .memory
        case "load": self = .load
        case "maximum": self = .maximum
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .memory: "memory"
        case .load: "load"
        case .maximum: "maximum"
        case .unknown(let word): word
        }
      }

      public static let known: [MaxSessionsLimitedBy] = [.memory, .load, .maximum]
    }

    public struct Starts: Codable, Sendable, Hashable {
      public var spare: Int
      public var cold: Int
      public var resumed: Int

      public init(spare: Int, cold: Int, resumed: Int) {
        self.spare = spare
        self.cold = cold
        self.resumed = resumed
      }
    }

    public struct Warnings: Codable, Sendable, Hashable {
      public var lease: Int
      public var resource: Int

      public init(lease: Int, resource: Int) {
        self.lease = lease
        self.resource = resource
      }
    }

    public struct Turns: Codable, Sendable, Hashable {
      public var accepted: Int
      public var completed: Int
      public var failed: Int
      public var interrupted: Int
      public var cancelled: Int

      public init(accepted: Int, completed: Int, failed: Int, interrupted: Int, cancelled: Int) {
        self.accepted = accepted
        self.completed = completed
        self.failed = failed
        self.interrupted = interrupted
        self.cancelled = cancelled
      }
    }
  }

  public struct SessionParkedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.parked", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var reason: Reason

      public init(reason: Reason) {
        self.reason = reason
      }

      public enum Reason: OpenEnum {
        case evicted
        case idle
        case cancelled
        case serverRestarted
        case serverStopped
        case processEnded
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "evicted": self = .evicted
          case "idle": self = .idle
          case "cancelled": self = .cancelled
          case "server_restarted": self = .serverRestarted
          case "server_stopped": self = .serverStopped
          case "process_ended": self = .processEnded
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .evicted: "evicted"
          case .idle: "idle"
          case .cancelled: "cancelled"
          case .serverRestarted: "server_restarted"
          case .serverStopped: "server_stopped"
          case .processEnded: "process_ended"
          case .unknown(let word): word
          }
        }

        public static let known: [Reason] = [.evicted, .idle, .cancelled, .serverRestarted, .serverStopped, .processEnded]
      }
    }
  }

  public struct SessionQuarantinedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.quarantined", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var detail: String
      public var retryAt: Int?

      public init(detail: String, retryAt: Int? = nil) {
        self.detail = detail
        self.retryAt = retryAt
      }
    }
  }

  public struct SessionRecapEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.recap", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var text: String
      public var turnCount: Int

      public init(text: String, turnCount: Int) {
        self.text = text
        self.turnCount = turnCount
      }
    }
  }

  public struct SessionRecoveredEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.recovered", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var detail: String

      public init(detail: String) {
        self.detail = detail
      }
    }
  }

  public struct SessionRecycledEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.recycled", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var detail: String

      public init(detail: String) {
        self.detail = detail
      }
    }
  }

  public struct SessionReleasedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.released", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public init() {}
    }
  }

  public struct SessionRenewedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.renewed", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var term: Int
      public var expiresAt: Int
      public var reason: Reason

      public init(term: Int, expiresAt: Int, reason: Reason) {
        self.term = term
        self.expiresAt = expiresAt
        self.reason = reason
      }

      public enum Reason: OpenEnum {
        case keepAlive
        case activity
        case revived
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "keep-alive": self = .keepAlive
          case "activity": self = .activity
          case "revived": self = .revived
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .keepAlive: "keep-alive"
          case .activity: "activity"
          case .revived: "revived"
          case .unknown(let word): word
          }
        }

        public static let known: [Reason] = [.keepAlive, .activity, .revived]
      }
    }
  }

  public enum SessionState: OpenEnum {
    case idle
    case busy
    case waiting
    case parked
    case expired
    case quarantined
    case closed
    /// A word of a newer server.
    case unknown(String)

    public init(rawValue: String) {
      switch rawValue {
      case "idle": self = .idle
      case "busy": self = .busy
      case "waiting": self = .waiting
      case "parked": self = .parked
      case "expired": self = .expired
      case "quarantined": self = .quarantined
      case "closed": self = .closed
      default: self = .unknown(rawValue)
      }
    }

    public var rawValue: String {
      switch self {
      case .idle: "idle"
      case .busy: "busy"
      case .waiting: "waiting"
      case .parked: "parked"
      case .expired: "expired"
      case .quarantined: "quarantined"
      case .closed: "closed"
      case .unknown(let word): word
      }
    }

    public static let known: [SessionState] = [.idle, .busy, .waiting, .parked, .expired, .quarantined, .closed]
  }

  public struct SessionUpdatedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.updated", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var title: String?
      public var model: Nullable<String>?
      public var permissionMode: API.PermissionMode?
      public var muted: Bool?
      public var autoKeepAlive: Bool?
      public var runningTasks: Int?
      public var allowedTools: [String]?
      public var suggestedPrompts: [String]?
      public var gitBranch: Nullable<String>?
      public var context: API.ContextFill?
      public var compacting: Bool?

      public init(title: String? = nil, model: Nullable<String>? = nil, permissionMode: API.PermissionMode? = nil, muted: Bool? = nil, autoKeepAlive: Bool? = nil, runningTasks: Int? = nil, allowedTools: [String]? = nil, suggestedPrompts: [String]? = nil, gitBranch: Nullable<String>? = nil, context: API.ContextFill? = nil, compacting: Bool? = nil) {
        self.title = title
        self.model = model
        self.permissionMode = permissionMode
        self.muted = muted
        self.autoKeepAlive = autoKeepAlive
        self.runningTasks = runningTasks
        self.allowedTools = allowedTools
        self.suggestedPrompts = suggestedPrompts
        self.gitBranch = gitBranch
        self.context = context
        self.compacting = compacting
      }
    }
  }

  public struct SessionWokenEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "session.woken", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var pid: Int
      public var resumed: Bool
      public var spare: Bool?
      public var notes: [String]?

      public init(pid: Int, resumed: Bool, spare: Bool? = nil, notes: [String]? = nil) {
        self.pid = pid
        self.resumed = resumed
        self.spare = spare
        self.notes = notes
      }
    }
  }

  public struct Setting: Codable, Sendable, Hashable {
    /// In force now.
    public var value: JSONValue
    public var `default`: Double
    public var min: Double
    public var max: Double
    /// Whether a change takes effect at once.
    public var live: Bool
    /// The environment wins: what it sets can be changed there only.
    public var source: Source
    /// In force from the next start.
    public var next: JSONValue?
    /// With `auto`: the number that is in force now.
    public var effective: Double?
    /// With `auto`: what keeps the number from being higher.
    public var limitedBy: LimitedBy?

    public init(value: JSONValue, `default`: Double, min: Double, max: Double, live: Bool, source: Source, next: JSONValue? = nil, effective: Double? = nil, limitedBy: LimitedBy? = nil) {
      self.value = value
      self.`default` = `default`
      self.min = min
      self.max = max
      self.live = live
      self.source = source
      self.next = next
      self.effective = effective
      self.limitedBy = limitedBy
    }

    public enum Source: OpenEnum {
      case `default`
      case environment
      case stored
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "default": self = .`default`
        case "environment": self = .environment
        case "stored": self = .stored
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .`default`: "default"
        case .environment: "environment"
        case .stored: "stored"
        case .unknown(let word): word
        }
      }

      public static let known: [Source] = [.`default`, .environment, .stored]
    }

    public enum LimitedBy: OpenEnum {
      case memory
      case load
      case maximum
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "memory": self = .memory
        case "load": self = .load
        case "maximum": self = .maximum
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .memory: "memory"
        case .load: "load"
        case .maximum: "maximum"
        case .unknown(let word): word
        }
      }

      public static let known: [LimitedBy] = [.memory, .load, .maximum]
    }
  }

  public struct Settings: Codable, Sendable, Hashable {
    public var maxConcurrentSessions: API.Setting
    public var maxQueuedTurns: API.Setting
    public var requestsPerMinute: API.Setting
    public var sessionTimeoutHours: API.Setting
    public var sessionWarningHours: API.Setting
    public var sessionFinalWarningMinutes: API.Setting
    public var sessionIdleMinutes: API.Setting
    public var maxMemoryPerSessionMb: API.Setting
    public var maxMemoryPerToolMb: API.Setting
    public var maxTotalMemoryGb: API.Setting
    public var cpuUsageLimitPercent: API.Setting
    public var healthIntervalSeconds: API.Setting
    public var resourceSampleSeconds: API.Setting
    public var turnStallMinutes: API.Setting
    public var permissionTimeoutMinutes: API.Setting
    public var prewarmedProcesses: API.Setting
    public var pushGraceMs: API.Setting
    public var retentionDays: API.Setting
    public var shutdownGraceSeconds: API.Setting

    public init(maxConcurrentSessions: API.Setting, maxQueuedTurns: API.Setting, requestsPerMinute: API.Setting, sessionTimeoutHours: API.Setting, sessionWarningHours: API.Setting, sessionFinalWarningMinutes: API.Setting, sessionIdleMinutes: API.Setting, maxMemoryPerSessionMb: API.Setting, maxMemoryPerToolMb: API.Setting, maxTotalMemoryGb: API.Setting, cpuUsageLimitPercent: API.Setting, healthIntervalSeconds: API.Setting, resourceSampleSeconds: API.Setting, turnStallMinutes: API.Setting, permissionTimeoutMinutes: API.Setting, prewarmedProcesses: API.Setting, pushGraceMs: API.Setting, retentionDays: API.Setting, shutdownGraceSeconds: API.Setting) {
      self.maxConcurrentSessions = maxConcurrentSessions
      self.maxQueuedTurns = maxQueuedTurns
      self.requestsPerMinute = requestsPerMinute
      self.sessionTimeoutHours = sessionTimeoutHours
      self.sessionWarningHours = sessionWarningHours
      self.sessionFinalWarningMinutes = sessionFinalWarningMinutes
      self.sessionIdleMinutes = sessionIdleMinutes
      self.maxMemoryPerSessionMb = maxMemoryPerSessionMb
      self.maxMemoryPerToolMb = maxMemoryPerToolMb
      self.maxTotalMemoryGb = maxTotalMemoryGb
      self.cpuUsageLimitPercent = cpuUsageLimitPercent
      self.healthIntervalSeconds = healthIntervalSeconds
      self.resourceSampleSeconds = resourceSampleSeconds
      self.turnStallMinutes = turnStallMinutes
      self.permissionTimeoutMinutes = permissionTimeoutMinutes
      self.prewarmedProcesses = prewarmedProcesses
      self.pushGraceMs = pushGraceMs
      self.retentionDays = retentionDays
      self.shutdownGraceSeconds = shutdownGraceSeconds
    }
  }

  public struct SyncPush: Codable, Sendable, Hashable {
    public var aps: Aps
    public var daylong: Daylong

    public init(aps: Aps, daylong: Daylong) {
      self.aps = aps
      self.daylong = daylong
    }

    public struct Aps: Codable, Sendable, Hashable {
      public var contentAvailable: Double

      public init(contentAvailable: Double = 1) {
        self.contentAvailable = contentAvailable
      }

      enum CodingKeys: String, CodingKey {
        case contentAvailable = "content-available"
      }
    }

    public struct Daylong: Codable, Sendable, Hashable {
      /// The version of this object: 1.
      public var v: Int
      public var kind: String
      public var cursor: Int
      public var unread: Int

      public init(v: Int, kind: String = "sync", cursor: Int, unread: Int) {
        self.v = v
        self.kind = kind
        self.cursor = cursor
        self.unread = unread
      }
    }
  }

  public struct Task: Codable, Sendable, Hashable {
    public var taskId: String
    public var kind: Kind
    public var description: String
    public var agentType: String?
    public var parentTaskId: String?
    /// The turn that started it.
    public var turnId: String?
    public var state: State
    public var startedAt: Int
    public var endedAt: Int?
    /// Of a wake-up: when it is due.
    public var dueAt: Int?
    public var lastTool: String?
    public var summary: String?
    public var tokens: Int?

    public init(taskId: String, kind: Kind, description: String, agentType: String? = nil, parentTaskId: String? = nil, turnId: String? = nil, state: State, startedAt: Int, endedAt: Int? = nil, dueAt: Int? = nil, lastTool: String? = nil, summary: String? = nil, tokens: Int? = nil) {
      self.taskId = taskId
      self.kind = kind
      self.description = description
      self.agentType = agentType
      self.parentTaskId = parentTaskId
      self.turnId = turnId
      self.state = state
      self.startedAt = startedAt
      self.endedAt = endedAt
      self.dueAt = dueAt
      self.lastTool = lastTool
      self.summary = summary
      self.tokens = tokens
    }

    public enum Kind: OpenEnum {
      case command
      case agent
      case workflow
      case wakeup
      case other
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "command": self = .command
        case "agent": self = .agent
        case "workflow": self = .workflow
        case "wakeup": self = .wakeup
        case "other": self = .other
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .command: "command"
        case .agent: "agent"
        case .workflow: "workflow"
        case .wakeup: "wakeup"
        case .other: "other"
        case .unknown(let word): word
        }
      }

      public static let known: [Kind] = [.command, .agent, .workflow, .wakeup, .other]
    }

    public enum State: OpenEnum {
      case running
      case completed
      case failed
      case stopped
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "running": self = .running
        case "completed": self = .completed
        case "failed": self = .failed
        case "stopped": self = .stopped
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .running: "running"
        case .completed: "completed"
        case .failed: "failed"
        case .stopped: "stopped"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.running, .completed, .failed, .stopped]
    }
  }

  public struct TaskFinishedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "task.finished", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var taskId: String
      public var kind: Kind
      public var description: String
      public var state: State
      public var summary: String?
      /// Nobody asked for its end: its process had to go, or went.
      public var cutOff: Bool?

      public init(taskId: String, kind: Kind, description: String, state: State, summary: String? = nil, cutOff: Bool? = nil) {
        self.taskId = taskId
        self.kind = kind
        self.description = description
        self.state = state
        self.summary = summary
        self.cutOff = cutOff
      }

      public enum Kind: OpenEnum {
        case command
        case agent
        case workflow
        case wakeup
        case other
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "command": self = .command
          case "agent": self = .agent
          case "workflow": self = .workflow
          case "wakeup": self = .wakeup
          case "other": self = .other
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .command: "command"
          case .agent: "agent"
          case .workflow: "workflow"
          case .wakeup: "wakeup"
          case .other: "other"
          case .unknown(let word): word
          }
        }

        public static let known: [Kind] = [.command, .agent, .workflow, .wakeup, .other]
      }

      public enum State: OpenEnum {
        case running
        case completed
        case failed
        case stopped
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "running": self = .running
          case "completed": self = .completed
          case "failed": self = .failed
          case "stopped": self = .stopped
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .running: "running"
          case .completed: "completed"
          case .failed: "failed"
          case .stopped: "stopped"
          case .unknown(let word): word
          }
        }

        public static let known: [State] = [.running, .completed, .failed, .stopped]
      }
    }
  }

  public struct TaskOutput: Codable, Sendable, Hashable {
    /// Plain text, at most the last 8 KiB.
    public var output: String
    public var totalBytes: Int
    public var truncated: Bool
    /// The task has ended, and what it wrote could not be kept: `output` is empty.
    public var lost: Bool?

    public init(output: String, totalBytes: Int, truncated: Bool, lost: Bool? = nil) {
      self.output = output
      self.totalBytes = totalBytes
      self.truncated = truncated
      self.lost = lost
    }
  }

  public struct TaskStartedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "task.started", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var taskId: String
      public var kind: Kind
      public var description: String
      public var state: State

      public init(taskId: String, kind: Kind, description: String, state: State) {
        self.taskId = taskId
        self.kind = kind
        self.description = description
        self.state = state
      }

      public enum Kind: OpenEnum {
        case command
        case agent
        case workflow
        case wakeup
        case other
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "command": self = .command
          case "agent": self = .agent
          case "workflow": self = .workflow
          case "wakeup": self = .wakeup
          case "other": self = .other
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .command: "command"
          case .agent: "agent"
          case .workflow: "workflow"
          case .wakeup: "wakeup"
          case .other: "other"
          case .unknown(let word): word
          }
        }

        public static let known: [Kind] = [.command, .agent, .workflow, .wakeup, .other]
      }

      public enum State: OpenEnum {
        case running
        case completed
        case failed
        case stopped
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "running": self = .running
          case "completed": self = .completed
          case "failed": self = .failed
          case "stopped": self = .stopped
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .running: "running"
          case .completed: "completed"
          case .failed: "failed"
          case .stopped: "stopped"
          case .unknown(let word): word
          }
        }

        public static let known: [State] = [.running, .completed, .failed, .stopped]
      }
    }
  }

  public struct Tasks: Codable, Sendable, Hashable {
    public var tasks: [API.Task]

    public init(tasks: [API.Task]) {
      self.tasks = tasks
    }
  }

  public struct Todo: Codable, Sendable, Hashable {
    public var id: String
    public var text: String
    public var state: State
    /// The text while it is being done.
    public var activeText: String?

    public init(id: String, text: String, state: State, activeText: String? = nil) {
      self.id = id
      self.text = text
      self.state = state
      self.activeText = activeText
    }

    public enum State: OpenEnum {
      case pending
      case inProgress
      case completed
      /// A word of a newer server.
      case unknown(String)

      public init(rawValue: String) {
        switch rawValue {
        case "pending": self = .pending
        case "in_progress": self = .inProgress
        case "completed": self = .completed
        default: self = .unknown(rawValue)
        }
      }

      public var rawValue: String {
        switch self {
        case .pending: "pending"
        case .inProgress: "in_progress"
        case .completed: "completed"
        case .unknown(let word): word
        }
      }

      public static let known: [State] = [.pending, .inProgress, .completed]
    }
  }

  public struct TodosChangedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "todos.changed", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var todos: [API.Todo]

      public init(todos: [API.Todo]) {
        self.todos = todos
      }
    }
  }

  public struct ToolFinishedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "tool.finished", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var toolUseId: String
      public var toolName: String
      public var failed: Bool
      public var summary: String?
      public var insertions: Int?
      public var deletions: Int?

      public init(toolUseId: String, toolName: String, failed: Bool, summary: String? = nil, insertions: Int? = nil, deletions: Int? = nil) {
        self.toolUseId = toolUseId
        self.toolName = toolName
        self.failed = failed
        self.summary = summary
        self.insertions = insertions
        self.deletions = deletions
      }
    }
  }

  public struct ToolRecord: Codable, Sendable, Hashable {
    public var toolUseId: String
    public var toolName: String
    public var title: String
    public var input: [String: JSONValue]
    /// What Claude was told; absent while the tool runs.
    public var output: String?
    public var failed: Bool?
    /// Of an edit: what it changed, unified.
    public var diff: String?
    /// Input, output and diff are cut to 256 KB together.
    public var truncated: Bool

    public init(toolUseId: String, toolName: String, title: String, input: [String: JSONValue], output: String? = nil, failed: Bool? = nil, diff: String? = nil, truncated: Bool) {
      self.toolUseId = toolUseId
      self.toolName = toolName
      self.title = title
      self.input = input
      self.output = output
      self.failed = failed
      self.diff = diff
      self.truncated = truncated
    }
  }

  public struct ToolStartedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "tool.started", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var toolUseId: String
      public var toolName: String
      public var title: String
      /// Up to 4 KB of it.
      public var input: [String: JSONValue]?
      public var truncated: Bool?
      /// A device allowed another input: this one runs. Replaces the line of the same toolUseId.
      public var edited: Bool?
      public var parentToolUseId: String?
      public var agent: API.Agent?

      public init(toolUseId: String, toolName: String, title: String, input: [String: JSONValue]? = nil, truncated: Bool? = nil, edited: Bool? = nil, parentToolUseId: String? = nil, agent: API.Agent? = nil) {
        self.toolUseId = toolUseId
        self.toolName = toolName
        self.title = title
        self.input = input
        self.truncated = truncated
        self.edited = edited
        self.parentToolUseId = parentToolUseId
        self.agent = agent
      }
    }
  }

  public struct Turn: Codable, Sendable, Hashable {
    public var turnId: String
    public var sessionId: String
    public var origin: API.TurnOrigin
    public var clientMessageId: String?
    public var state: API.TurnState
    public var acceptedAt: Int
    public var sendAt: Int?
    public var timeoutMs: Double?
    public var contextFiles: [String]?
    public var startedAt: Int?
    public var endedAt: Int?
    /// 0 runs now, 1 is next.
    public var queuePosition: Int?
    public var reply: API.Reply?
    public var error: API.Failure?

    public init(turnId: String, sessionId: String, origin: API.TurnOrigin, clientMessageId: String? = nil, state: API.TurnState, acceptedAt: Int, sendAt: Int? = nil, timeoutMs: Double? = nil, contextFiles: [String]? = nil, startedAt: Int? = nil, endedAt: Int? = nil, queuePosition: Int? = nil, reply: API.Reply? = nil, error: API.Failure? = nil) {
      self.turnId = turnId
      self.sessionId = sessionId
      self.origin = origin
      self.clientMessageId = clientMessageId
      self.state = state
      self.acceptedAt = acceptedAt
      self.sendAt = sendAt
      self.timeoutMs = timeoutMs
      self.contextFiles = contextFiles
      self.startedAt = startedAt
      self.endedAt = endedAt
      self.queuePosition = queuePosition
      self.reply = reply
      self.error = error
    }
  }

  public struct TurnAcceptedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.accepted", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var messageId: String
      public var message: String
      public var clientMessageId: String
      public var deviceId: String
      public var attachments: [String]
      public var sendAt: Int?
      public var timeoutMs: Double?
      public var contextFiles: [String]?
      /// Of what another program did in the conversation: no device sent it.
      public var origin: String?

      public init(messageId: String, message: String, clientMessageId: String, deviceId: String, attachments: [String], sendAt: Int? = nil, timeoutMs: Double? = nil, contextFiles: [String]? = nil, origin: String? = nil) {
        self.messageId = messageId
        self.message = message
        self.clientMessageId = clientMessageId
        self.deviceId = deviceId
        self.attachments = attachments
        self.sendAt = sendAt
        self.timeoutMs = timeoutMs
        self.contextFiles = contextFiles
        self.origin = origin
      }
    }
  }

  public struct TurnCancelledEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.cancelled", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var by: String
      /// What was heard of the answer.
      public var text: String?

      public init(by: String, text: String? = nil) {
        self.by = by
        self.text = text
      }
    }
  }

  public struct TurnCompletedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.completed", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var messageId: String
      public var text: String
      public var costUsd: Double
      public var usage: API.Usage
      public var durationMs: Double
      public var numTurns: Int
      /// Only of a turn that Claude began by itself: why it did.
      public var origin: Origin?

      public init(messageId: String, text: String, costUsd: Double, usage: API.Usage, durationMs: Double, numTurns: Int, origin: Origin? = nil) {
        self.messageId = messageId
        self.text = text
        self.costUsd = costUsd
        self.usage = usage
        self.durationMs = durationMs
        self.numTurns = numTurns
        self.origin = origin
      }

      public enum Origin: OpenEnum {
        case task
        case schedule
        case agent
        case other
        case terminal
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "task": self = .task
          case "schedule": self = .schedule
          case "agent": self = .agent
          case "other": self = .other
          case "terminal": self = .terminal
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .task: "task"
          case .schedule: "schedule"
          case .agent: "agent"
          case .other: "other"
          case .terminal: "terminal"
          case .unknown(let word): word
          }
        }

        public static let known: [Origin] = [.task, .schedule, .agent, .other, .terminal]
      }
    }
  }

  public struct TurnFailedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.failed", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var code: API.ErrorCode
      public var detail: String
      public var retryable: Bool
      /// What was heard of the answer.
      public var text: String?

      public init(code: API.ErrorCode, detail: String, retryable: Bool, text: String? = nil) {
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.text = text
      }
    }
  }

  public struct TurnInterruptedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.interrupted", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var code: API.ErrorCode
      public var detail: String
      /// What was heard of the answer.
      public var text: String?

      public init(code: API.ErrorCode, detail: String, text: String? = nil) {
        self.code = code
        self.detail = detail
        self.text = text
      }
    }
  }

  /// user: a message. Else Claude began the turn by itself: a task had something to say, a scheduled wake-up was due, another agent sent a message, or another reason.
  public enum TurnOrigin: OpenEnum {
    case user
    case task
    case schedule
    case agent
    case other
    case terminal
    /// A word of a newer server.
    case unknown(String)

    public init(rawValue: String) {
      switch rawValue {
      case "user": self = .user
      case "task": self = .task
      case "schedule": self = .schedule
      case "agent": self = .agent
      case "other": self = .other
      case "terminal": self = .terminal
      default: self = .unknown(rawValue)
      }
    }

    public var rawValue: String {
      switch self {
      case .user: "user"
      case .task: "task"
      case .schedule: "schedule"
      case .agent: "agent"
      case .other: "other"
      case .terminal: "terminal"
      case .unknown(let word): word
      }
    }

    public static let known: [TurnOrigin] = [.user, .task, .schedule, .agent, .other, .terminal]
  }

  public struct TurnQueuedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.queued", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var queuePosition: Int
      /// tasks: every process has a turn, or a task that would be cut off; held: another program has the conversation open.
      public var reason: Reason?

      public init(queuePosition: Int, reason: Reason? = nil) {
        self.queuePosition = queuePosition
        self.reason = reason
      }

      public enum Reason: OpenEnum {
        case tasks
        case held
        /// A word of a newer server.
        case unknown(String)

        public init(rawValue: String) {
          switch rawValue {
          case "tasks": self = .tasks
          case "held": self = .held
          default: self = .unknown(rawValue)
          }
        }

        public var rawValue: String {
          switch self {
          case .tasks: "tasks"
          case .held: "held"
          case .unknown(let word): word
          }
        }

        public static let known: [Reason] = [.tasks, .held]
      }
    }
  }

  public struct TurnStartedEvent: Codable, Sendable, Hashable {
    public var cursor: Int
    public var sessionId: String?
    public var seq: Int?
    public var type: String
    public var at: Int
    public var turnId: String?
    public var data: Data
    /// Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.
    public var truncated: Bool?

    public init(cursor: Int, sessionId: String? = nil, seq: Int? = nil, type: String = "turn.started", at: Int, turnId: String? = nil, data: Data, truncated: Bool? = nil) {
      self.cursor = cursor
      self.sessionId = sessionId
      self.seq = seq
      self.type = type
      self.at = at
      self.turnId = turnId
      self.data = data
      self.truncated = truncated
    }

    public struct Data: Codable, Sendable, Hashable {
      public var origin: API.TurnOrigin

      public init(origin: API.TurnOrigin) {
        self.origin = origin
      }
    }
  }

  public enum TurnState: OpenEnum {
    case queued
    case running
    case completed
    case failed
    case interrupted
    case cancelled
    /// A word of a newer server.
    case unknown(String)

    public init(rawValue: String) {
      switch rawValue {
      case "queued": self = .queued
      case "running": self = .running
      case "completed": self = .completed
      case "failed": self = .failed
      case "interrupted": self = .interrupted
      case "cancelled": self = .cancelled
      default: self = .unknown(rawValue)
      }
    }

    public var rawValue: String {
      switch self {
      case .queued: "queued"
      case .running: "running"
      case .completed: "completed"
      case .failed: "failed"
      case .interrupted: "interrupted"
      case .cancelled: "cancelled"
      case .unknown(let word): word
      }
    }

    public static let known: [TurnState] = [.queued, .running, .completed, .failed, .interrupted, .cancelled]
  }

  public struct UploadState: Codable, Sendable, Hashable {
    public var attachmentId: String
    /// The bytes that are here; the next part begins there.
    public var sizeBytes: Int
    public var complete: Bool
    /// When it is complete.
    public var attachment: Attachment?

    public init(attachmentId: String, sizeBytes: Int, complete: Bool, attachment: Attachment? = nil) {
      self.attachmentId = attachmentId
      self.sizeBytes = sizeBytes
      self.complete = complete
      self.attachment = attachment
    }

    /// When it is complete.
    public struct Attachment: Codable, Sendable, Hashable {
      public var attachmentId: String
      public var name: String
      public var mimeType: String
      public var sizeBytes: Int
      public var sha256: String

      public init(attachmentId: String, name: String, mimeType: String, sizeBytes: Int, sha256: String) {
        self.attachmentId = attachmentId
        self.name = name
        self.mimeType = mimeType
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
      }
    }
  }

  public struct Usage: Codable, Sendable, Hashable {
    public var inputTokens: Int
    public var outputTokens: Int
    public var cacheReadTokens: Int
    public var cacheCreationTokens: Int

    public init(inputTokens: Int, outputTokens: Int, cacheReadTokens: Int, cacheCreationTokens: Int) {
      self.inputTokens = inputTokens
      self.outputTokens = outputTokens
      self.cacheReadTokens = cacheReadTokens
      self.cacheCreationTokens = cacheCreationTokens
    }
  }

  public struct UsageReport: Codable, Sendable, Hashable {
    /// Instant of the plan's figures.
    public var asOf: Int
    public var plan: Plan
    public var days: [Day]
    public var byProject: [ByProjectItem]
    public var byModel: [ByModelItem]

    public init(asOf: Int, plan: Plan, days: [Day], byProject: [ByProjectItem], byModel: [ByModelItem]) {
      self.asOf = asOf
      self.plan = plan
      self.days = days
      self.byProject = byProject
      self.byModel = byModel
    }

    public struct Plan: Codable, Sendable, Hashable {
      /// False with an API key, and until Claude has told its plan.
      public var available: Bool
      public var windows: [API.PlanWindow]

      public init(available: Bool, windows: [API.PlanWindow]) {
        self.available = available
        self.windows = windows
      }
    }

    public struct Day: Codable, Sendable, Hashable {
      /// YYYY-MM-DD in the computer's time zone.
      public var day: String
      public var costUsd: Double
      public var tokens: Tokens
      public var turns: Int

      public init(day: String, costUsd: Double, tokens: Tokens, turns: Int) {
        self.day = day
        self.costUsd = costUsd
        self.tokens = tokens
        self.turns = turns
      }

      public struct Tokens: Codable, Sendable, Hashable {
        public var input: Int
        public var output: Int

        public init(input: Int, output: Int) {
          self.input = input
          self.output = output
        }
      }
    }

    public struct ByProjectItem: Codable, Sendable, Hashable {
      public var projectPath: String
      public var costUsd: Double
      public var tokens: Tokens
      public var turns: Int

      public init(projectPath: String, costUsd: Double, tokens: Tokens, turns: Int) {
        self.projectPath = projectPath
        self.costUsd = costUsd
        self.tokens = tokens
        self.turns = turns
      }

      public struct Tokens: Codable, Sendable, Hashable {
        public var input: Int
        public var output: Int

        public init(input: Int, output: Int) {
          self.input = input
          self.output = output
        }
      }
    }

    public struct ByModelItem: Codable, Sendable, Hashable {
      public var model: String
      public var costUsd: Double
      public var tokens: Tokens
      public var turns: Int

      public init(model: String, costUsd: Double, tokens: Tokens, turns: Int) {
        self.model = model
        self.costUsd = costUsd
        self.tokens = tokens
        self.turns = turns
      }

      public struct Tokens: Codable, Sendable, Hashable {
        public var input: Int
        public var output: Int

        public init(input: Int, output: Int) {
          self.input = input
          self.output = output
        }
      }
    }
  }

  /// The first frame: where the device stands. The missed events follow, then live ones.
  public struct WelcomeFrame: Codable, Sendable, Hashable {
    public var type: String
    public var ref: String?
    public var deviceId: String
    public var epoch: String
    /// The tip of the log.
    public var cursor: Int
    /// False: events may be missing; the client starts over from GET /api/sessions.
    public var recovered: Bool

    public init(type: String = "welcome", ref: String? = nil, deviceId: String, epoch: String, cursor: Int, recovered: Bool) {
      self.type = type
      self.ref = ref
      self.deviceId = deviceId
      self.epoch = epoch
      self.cursor = cursor
      self.recovered = recovered
    }
  }
}
