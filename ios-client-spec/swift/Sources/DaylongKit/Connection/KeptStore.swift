import Foundation

/// Where the client keeps what must outlive the app: unsent messages, the position in the log, the hosts. `value` gives what
/// `setValue` took last, also after a crash in the middle of it.
public protocol KeptStore: Sendable {
  func value(_ key: String) async throws -> Data?
  func setValue(_ key: String, _ data: Data) async throws
}

/// Keeps things as long as the program runs.
public actor MemoryStore: KeptStore, SecretStore {
  private var values: [String: Data] = [:]

  public init() {}

  public func value(_ key: String) -> Data? { values[key] }
  public func setValue(_ key: String, _ data: Data) { values[key] = data }
  public func secret(_ name: String) -> String? { values["secret." + name].map { String(decoding: $0, as: UTF8.self) } }
  public func setSecret(_ name: String, _ value: String?) { values["secret." + name] = value.map { Data($0.utf8) } }
}

/// Keeps things in a folder, a file each, replaced as a whole. One process at a time to a folder.
public actor FileStore: KeptStore {
  private let folder: URL

  public init(folder: URL) { self.folder = folder }

  public func value(_ key: String) throws -> Data? {
    let path = file(key)
    guard FileManager.default.fileExists(atPath: path.path) else { return nil }
    return try Data(contentsOf: path)
  }

  public func setValue(_ key: String, _ data: Data) throws {
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let draft = folder.appending(path: "\(safe(key)).draft")
    guard FileManager.default.createFile(atPath: draft.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: draft.path])
    }
    let handle = try FileHandle(forWritingTo: draft)
    do {
      try handle.write(contentsOf: data)
      // On the disk before it takes the place of the file: after a power cut there is the old one or the new one.
      try handle.synchronize()
      try handle.close()
    } catch {
      try? handle.close()
      throw error
    }
    guard rename(draft.path, file(key).path) == 0 else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file(key).path])
    }
  }

  private func file(_ key: String) -> URL { folder.appending(path: "\(safe(key)).json") }

  private func safe(_ key: String) -> String {
    String(key.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." ? $0 : "_" })
  }
}
