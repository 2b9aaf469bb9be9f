import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#else
  import COpenSSL
#endif

/// Opens sealed pushes: AES-256-GCM, `base64(nonce of 12 bytes, ciphertext, tag of 16 bytes)`.
public enum PushCipher {
  /// Bound to every sealed push as additional data.
  public static let additionalData = Data("daylong-push-v1".utf8)

  public enum Fault: Error, Sendable, Equatable {
    /// Not base64, or too short.
    case malformed
    /// Another key, or somebody has changed it.
    case notAuthentic
  }

  /// A new device key: 32 random bytes. It is registered once over the paired connection and kept in the Keychain.
  public static func makeKey() -> Data {
    var generator = SystemRandomNumberGenerator()
    return Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  public static func open(_ sealed: String, key: Data) throws -> Data {
    guard let bytes = Data(base64Encoded: sealed), bytes.count >= 28, key.count == 32 else { throw Fault.malformed }
    #if canImport(CryptoKit)
      do {
        return try AES.GCM.open(
          try AES.GCM.SealedBox(combined: bytes), using: SymmetricKey(data: key), authenticating: additionalData)
      } catch { throw Fault.notAuthentic }
    #else
      return try openWithOpenSSL([UInt8](bytes), [UInt8](key))
    #endif
  }

  #if !canImport(CryptoKit)
    private static func openWithOpenSSL(_ bytes: [UInt8], _ key: [UInt8]) throws -> Data {
      guard let context = EVP_CIPHER_CTX_new() else { throw Fault.malformed }
      defer { EVP_CIPHER_CTX_free(context) }
      let nonce = Array(bytes.prefix(12))
      let text = Array(bytes.dropFirst(12).dropLast(16))
      var tag = Array(bytes.suffix(16))
      let aad = [UInt8](additionalData)
      var plain = [UInt8](repeating: 0, count: text.count + 16)
      var length: Int32 = 0
      guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
        EVP_DecryptUpdate(context, nil, &length, aad, Int32(aad.count)) == 1,
        EVP_DecryptUpdate(context, &plain, &length, text, Int32(text.count)) == 1
      else { throw Fault.malformed }
      let count = Int(length)
      guard daylong_gcm_set_tag(context, 16, &tag) == 1, plain.withUnsafeMutableBufferPointer({ EVP_DecryptFinal_ex(context, $0.baseAddress! + count, &length) }) == 1
      else { throw Fault.notAuthentic }
      return Data(plain.prefix(count))
    }
  #endif
}
