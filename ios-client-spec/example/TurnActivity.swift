// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import ActivityKit
import DaylongKit
import SwiftUI
import WidgetKit

/// A running turn on the lock screen: begun, updated and ended by push.
struct TurnActivity: Widget {
  var body: some WidgetConfiguration {
    ActivityConfiguration(for: DaylongActivityAttributes.self) { context in
      VStack(alignment: .leading) {
        Text(context.attributes.title.isEmpty ? "Daylong" : context.attributes.title).font(.headline)
        HStack {
          Text(words(of: context.state))
          Spacer()
          Text(Date(timeIntervalSince1970: Double(context.state.startedAt) / 1000), style: .timer).monospacedDigit()
        }
        if let text = context.state.lastText { Text(text).font(.footnote).lineLimit(2) }
      }
      .padding()
    } dynamicIsland: { context in
      DynamicIsland {
        DynamicIslandExpandedRegion(.center) { Text(words(of: context.state)) }
      } compactLeading: {
        Image(systemName: "bubble.left")
      } compactTrailing: {
        Text(Date(timeIntervalSince1970: Double(context.state.startedAt) / 1000), style: .timer)
      } minimal: {
        Image(systemName: "bubble.left")
      }
    }
  }

  private func words(of state: API.LiveActivityState) -> String {
    switch state.state {
    case .waiting: "Waiting for you"
    case .completed: "Done"
    case .failed: "Failed"
    case .interrupted, .cancelled: "Stopped"
    case .queued: "Queued"
    case .running, .unknown: state.tool.map { "Working: \($0)" } ?? "Working"
    }
  }
}
