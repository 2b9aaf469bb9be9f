import Foundation

/// Finds the address of a host that answers now.
public struct AddressRace: Sendable {
  /// After so long without an answer the next address is tried as well (RFC 8305 says 250 ms).
  public static let stagger: Duration = .milliseconds(250)

  private let transport: any Transport

  public init(transport: any Transport) { self.transport = transport }

  /// The first address that answers `GET /health` as Daylong does; later ones are begun a little after earlier ones, and all at once
  /// when one fails. `nil`: none answered. A wrong certificate ends an address, never the pin.
  public func first(of addresses: [URL], trust: ServerTrust) async -> URL? {
    if addresses.count == 1 { return addresses[0] }
    return await withTaskGroup(of: URL?.self) { group in
      for (index, address) in addresses.enumerated() {
        group.addTask {
          if index > 0 { try? await Task.sleep(for: Self.stagger * index) }
          return await answers(address, trust) ? address : nil
        }
      }
      for await found in group {
        guard let found else { continue }
        group.cancelAll()
        return found
      }
      return nil
    }
  }

  private func answers(_ address: URL, _ trust: ServerTrust) async -> Bool {
    guard !Task.isCancelled else { return false }
    let request = HTTPRequest(url: address.appending(path: "health"), timeout: 5)
    guard let answer = try? await transport.send(request, trust: address.scheme == "https" ? trust : .system) else {
      return false
    }
    // 503 is a server that is there and not well: it says so itself.
    return (try? JSONDecoder().decode(API.Health.self, from: answer.body)) != nil
  }
}
