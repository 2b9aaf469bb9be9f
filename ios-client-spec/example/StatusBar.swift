// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import SwiftUI

struct StatusBar: View {
  let status: SessionStatus
  private let minute = Timer.publish(every: 60, on: .main, in: .common).autoconnect()

  var body: some View {
    let view = status.view
    VStack(alignment: .leading, spacing: 4) {
      HStack {
        LeaseRing(fraction: view.fractionLeft, isUrgent: view.lease != .fresh)
        Text(left(view)).monospacedDigit()
        Text(view.activity).foregroundStyle(.secondary).lineLimit(1)
        Spacer()
        Menu("Session", systemImage: "ellipsis.circle") { actions }
      }
      if view.lease == .warned || view.lease == .urgent || view.lease == .expired { HStack { actions } }
      if let recap = status.recap { Text(recap.text).font(.footnote) }
      if let fault = status.fault { Text(fault).font(.footnote).foregroundStyle(.red) }
    }
    .font(.subheadline)
    .padding(8)
    .background(.bar)
    .onReceive(minute) { _ in status.tick() }
  }

  @ViewBuilder private var actions: some View {
    Button(status.view.lease == .expired ? "Bring it back" : "Keep alive") { Task { await status.keepAlive() } }
      .disabled(!status.view.canKeepAlive || status.isExtending)
    Button("Recap (one short answer)") { Task { await status.askForRecap() } }
      .disabled(!status.view.canRecap || status.isExtending)
  }

  private func left(_ view: SessionStatusView) -> String {
    let minutes = view.timeLeftMs / 60_000
    return view.lease == .closed ? "Ended" : minutes >= 60 ? "\(minutes / 60) h \(minutes % 60) min" : "\(minutes) min"
  }
}

struct LeaseRing: View {
  let fraction: Double
  let isUrgent: Bool

  var body: some View {
    Circle()
      .trim(from: 0, to: fraction)
      .stroke(isUrgent ? .orange : .green, style: StrokeStyle(lineWidth: 3, lineCap: .round))
      .rotationEffect(.degrees(-90))
      .frame(width: 20, height: 20)
      .accessibilityLabel("\(Int(fraction * 100)) percent of the time left")
  }
}
