import NIOCore

/// Closes a connection whose other end has not taken what was written for so long that nobody is there any more.
///
/// A write waits for its reader, so without an end a reader that stands still would keep its place forever.
final class StalledReader: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let patience: TimeAmount
  private var end: Scheduled<Void>?

  /// - Parameter patience: a browser takes no more of a film that is paused, and asks again for the rest.
  init(patience: TimeAmount = .minutes(5)) { self.patience = patience }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    end?.cancel()
    end = nil
    if !context.channel.isWritable {
      let channel = context.channel
      end = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end?.cancel()
    context.fireChannelInactive()
  }
}
