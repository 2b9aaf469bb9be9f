#if canImport(ActivityKit) && os(iOS)
  import ActivityKit
  import Foundation

  /// The Live Activity of a running turn. The name of this type is part of the contract: a push that starts an activity names it.
  public struct DaylongActivityAttributes: ActivityAttributes {
    public typealias ContentState = API.LiveActivityState

    public var sessionId: String
    public var turnId: String
    /// Empty for a device with an encryption key: an activity cannot open sealed content.
    public var title: String
    public var projectName: String

    public init(sessionId: String, turnId: String, title: String, projectName: String) {
      self.sessionId = sessionId
      self.turnId = turnId
      self.title = title
      self.projectName = projectName
    }
  }
#endif
