#if canImport(Security)
  import Foundation
  import Security

  /// Secrets in the Keychain: readable after the first unlock, so that a notification extension may open a push on the lock
  /// screen, and never on another device.
  public struct KeychainSecrets: SecretStore {
    public struct Fault: Error, Sendable { public let status: OSStatus }

    private let service: String
    private let accessGroup: String?

    /// `accessGroup`: shared with the app's extensions.
    public init(service: String = "daylong", accessGroup: String? = nil) {
      self.service = service
      self.accessGroup = accessGroup
    }

    public func secret(_ name: String) async throws -> String? {
      var query = base(name)
      query[kSecReturnData] = true
      var found: CFTypeRef?
      switch SecItemCopyMatching(query as CFDictionary, &found) {
      case errSecSuccess: return (found as? Data).map { String(decoding: $0, as: UTF8.self) }
      case errSecItemNotFound: return nil
      case let status: throw Fault(status: status)
      }
    }

    public func setSecret(_ name: String, _ value: String?) async throws {
      let removed = SecItemDelete(base(name) as CFDictionary)
      guard removed == errSecSuccess || removed == errSecItemNotFound else { throw Fault(status: removed) }
      guard let value else { return }
      var item = base(name)
      item[kSecValueData] = Data(value.utf8)
      item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
      let added = SecItemAdd(item as CFDictionary, nil)
      guard added == errSecSuccess else { throw Fault(status: added) }
    }

    private func base(_ name: String) -> [CFString: Any] {
      var query: [CFString: Any] = [
        kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: name,
      ]
      if let accessGroup { query[kSecAttrAccessGroup] = accessGroup }
      return query
    }
  }
#endif
