import Foundation

/// The server's REST face. Throws `ServerProblem` for a refusal and `TransportError` when nobody answers.
public struct RestClient: Sendable {
  public let address: URL
  private let token: String?
  private let trust: ServerTrust
  private let transport: any Transport

  public init(address: URL, token: String?, trust: ServerTrust, transport: any Transport) {
    self.address = address
    self.token = token
    self.trust = trust
    self.transport = transport
  }

  public func get<Answer: Decodable>(_ path: String, query: [String: String] = [:], timeout: TimeInterval = 30) async throws
    -> Answer
  {
    try decode(await ask("GET", path, query: query, body: nil, timeout: timeout))
  }

  public func send<Answer: Decodable>(_ method: String, _ path: String, _ body: (any Encodable & Sendable)? = nil) async throws
    -> Answer
  {
    try decode(await ask(method, path, body: body.map { try JSONEncoder().encode($0) }))
  }

  /// Uploads a file (25 MB at most); a message names it by its `attachmentId`.
  public func upload(_ data: Data, name: String, mimeType: String) async throws -> API.PostAttachmentsResponse {
    let encodedName = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "file"
    return try decode(
      await ask(
        "POST", "/api/attachments", body: data, headers: ["Content-Type": mimeType, "X-Filename": encodedName],
        timeout: 300))
  }

  func ask(
    _ method: String, _ path: String, query: [String: String] = [:], body: Data?, headers: [String: String] = [:],
    timeout: TimeInterval = 30
  ) async throws -> Data {
    var components = URLComponents(url: address, resolvingAgainstBaseURL: false)!
    components.percentEncodedPath = path
    if !query.isEmpty {
      components.queryItems = query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
    }
    guard let url = components.url else { throw TransportError.malformed(detail: "The path \(path) is none.") }
    var request = HTTPRequest(method: method, url: url, headers: headers, body: body, timeout: timeout)
    if let token { request.headers["Authorization"] = "Bearer \(token)" }
    if body != nil, request.headers["Content-Type"] == nil { request.headers["Content-Type"] = "application/json" }
    let answer = try await transport.send(request, trust: trust)
    guard (200..<300).contains(answer.status) else {
      if let problem = try? JSONDecoder().decode(API.Problem.self, from: answer.body) {
        throw ServerProblem(
          code: problem.code, status: answer.status, detail: problem.detail, retryAfterMs: problem.retryAfterMs)
      }
      throw ServerProblem(
        code: .unknown("unreadable_answer"), status: answer.status, detail: "The server answered \(answer.status).")
    }
    return answer.body
  }

  private func decode<Answer: Decodable>(_ data: Data) throws -> Answer {
    do { return try JSONDecoder().decode(Answer.self, from: data) } catch {
      throw TransportError.malformed(detail: "The answer is not what this version knows: \(error)")
    }
  }
}

extension RestClient {
  /// A path's segment: an id that came from a push or a link is not to lead elsewhere.
  static func segment(_ id: String) -> String {
    id.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-_"))) ?? ""
  }

  /// Makes this device one of the server's. The token is told this once.
  public static func pair(_ link: PairingLink, deviceName: String, platform: String = "ios", transport: any Transport)
    async throws -> (host: PairedHost, token: String)
  {
    let rest = RestClient(address: link.url, token: nil, trust: link.trust, transport: transport)
    let body = API.PostPairRequest(code: link.code, device: .init(name: deviceName, platform: platform))
    let answer: API.PostPairResponse = try await rest.send("POST", "/api/pair", body)
    let host = PairedHost(
      id: answer.deviceId, name: answer.serverName, addresses: [link.url], fingerprint: link.fingerprint,
      deviceId: answer.deviceId)
    return (host, answer.token)
  }

  /// Gives the server this device's push token; to be called with every token that iOS gives, at every launch. With an
  /// `encryptionKey` (32 bytes) pushes are sealed.
  public func registerPush(
    token: Data, environment: API.PatchDevicesByIdRequest.Push.Environment, encryptionKey: Data? = nil
  ) async throws -> API.Device {
    let hexadecimal = token.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    let push = API.PatchDevicesByIdRequest.Push(
      token: hexadecimal, environment: environment,
      encryptionKey: encryptionKey.map { .value($0.base64EncodedString()) } ?? .null)
    return try await send("PATCH", "/api/devices/me", API.PatchDevicesByIdRequest(push: .value(push)))
  }

  public func sessions() async throws -> API.GetSessionsResponse { try await get("/api/sessions") }

  public func session(_ sessionId: String) async throws -> API.Session {
    try await get("/api/sessions/\(Self.segment(sessionId))")
  }

  public func messages(of sessionId: String, before: String? = nil, limit: Int = 50) async throws
    -> API.GetSessionsByIdMessagesResponse
  {
    var query = ["limit": String(limit)]
    query["before"] = before
    return try await get("/api/sessions/\(Self.segment(sessionId))/messages", query: query)
  }

  public func permissions() async throws -> API.GetPermissionsResponse { try await get("/api/permissions") }

  public func answer(_ permissionId: String, _ answer: API.PostPermissionsByPermissionIdRequest) async throws
    -> API.PostPermissionsByPermissionIdResponse
  {
    try await send("POST", "/api/permissions/\(Self.segment(permissionId))", answer)
  }

  /// Opens the next lease term, without a word to Claude.
  public func keepAlive(_ sessionId: String) async throws -> API.PostSessionsKeepAliveResponse {
    try await send(
      "POST", "/api/sessions/keep-alive", API.PostSessionsKeepAliveRequest(sessionId: sessionId, action: .extend))
  }

  /// A summary by Claude; costs one short answer. Renews the lease too.
  public func recap(_ sessionId: String) async throws -> API.PostSessionsKeepAliveResponse {
    try await send(
      "POST", "/api/sessions/keep-alive", API.PostSessionsKeepAliveRequest(sessionId: sessionId, action: .recap))
  }

  public func interrupt(_ sessionId: String, turnId: String? = nil) async throws -> API.PostChatInterruptResponse {
    try await send("POST", "/api/chat/interrupt", API.PostChatInterruptRequest(sessionId: sessionId, turnId: turnId))
  }

  /// The whole text behind a push or a cut frame.
  public func message(_ messageId: String) async throws -> API.GetMessagesByMessageIdResponse {
    try await get("/api/messages/\(Self.segment(messageId))")
  }

  /// Sends a message over HTTP, as a notification's action does while no socket is open. The id makes a second try the same message.
  public func chat(_ message: UnsentMessage) async throws -> API.Accepted {
    try await send(
      "POST", "/api/chat",
      API.PostChatRequest(
        message: message.message, sessionId: message.sessionId, projectPath: message.projectPath,
        clientMessageId: message.clientMessageId,
        attachments: message.attachmentIds.isEmpty ? nil : message.attachmentIds.map { .init(attachmentId: $0) }))
  }
}
