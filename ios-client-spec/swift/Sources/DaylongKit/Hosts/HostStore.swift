import Foundation

/// A computer with a Daylong server that this device is paired with.
public struct PairedHost: Codable, Sendable, Hashable, Identifiable {
  public var id: String
  public var name: String
  /// Where it may be reached, the one that answered last first: at home by its LAN address, else through a tunnel.
  public var addresses: [URL]
  /// SHA-256 of its own certificate; `nil`: the system's roots decide. It binds https addresses only.
  public var fingerprint: String?
  public var deviceId: String

  public init(id: String, name: String, addresses: [URL], fingerprint: String?, deviceId: String) {
    self.id = id
    self.name = name
    self.addresses = addresses
    self.fingerprint = fingerprint
    self.deviceId = deviceId
  }

  public var trust: ServerTrust { fingerprint.map { .pinned(sha256: $0) } ?? .system }
}

/// Where tokens and keys are kept: the Keychain on Apple's platforms.
public protocol SecretStore: Sendable {
  func secret(_ name: String) async throws -> String?
  /// `nil` removes.
  func setSecret(_ name: String, _ value: String?) async throws
}

/// The paired hosts. Their tokens are in the secret store, never beside the rest.
public actor HostStore {
  public enum Fault: Error, Sendable, Equatable { case unknownHost(String) }

  private static let key = "hosts"
  private let store: any KeptStore
  private let secrets: any SecretStore
  private var hosts: [PairedHost]?

  public init(store: any KeptStore, secrets: any SecretStore) {
    self.store = store
    self.secrets = secrets
  }

  public func all() async throws -> [PairedHost] {
    if let hosts { return hosts }
    let kept = try await store.value(Self.key)
    // A file that cannot be read is told, and not taken for a device without hosts: the tokens are still there.
    let read = try kept.map { try JSONDecoder().decode([PairedHost].self, from: $0) } ?? []
    hosts = read
    return read
  }

  /// Keeps a host and its token; one of the same id is replaced.
  public func add(_ host: PairedHost, token: String) async throws {
    var next = try await all()
    // First the token: a host without one could do nothing.
    try await secrets.setSecret(Self.tokenName(host.id), token)
    next.removeAll { $0.id == host.id }
    next.append(host)
    try await keep(next)
  }

  public func token(of hostId: String) async throws -> String? {
    try await secrets.secret(Self.tokenName(hostId))
  }

  /// Forgets a host, after it was revoked or left. Its token goes first.
  public func remove(_ hostId: String) async throws {
    let others = try await all().filter { $0.id != hostId }
    try await secrets.setSecret(Self.tokenName(hostId), nil)
    try await keep(others)
  }

  /// Puts the address that answered first, and keeps the others.
  public func prefer(_ address: URL, of hostId: String) async throws {
    var next = try await all()
    guard let index = next.firstIndex(where: { $0.id == hostId }) else { throw Fault.unknownHost(hostId) }
    guard next[index].addresses.first != address else { return }
    next[index].addresses.removeAll { $0 == address }
    next[index].addresses.insert(address, at: 0)
    try await keep(next)
  }

  private func keep(_ next: [PairedHost]) async throws {
    try await store.setValue(Self.key, try JSONEncoder().encode(next))
    hosts = next
  }

  private static func tokenName(_ hostId: String) -> String { "token.\(hostId)" }
}
