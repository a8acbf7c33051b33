import Board
import Diagnostics
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import ObjectStore
import ServiceLifecycle
import UnixSignals

/// The board as a server on this machine: pages, files, decisions, news.
///
/// It answers only under 127.0.0.1 and only who has the key, and takes no lock of the production: a run never notices it, and
/// goes on when it ends, whoever started it.
package struct BoardApplication: Sendable {
  package struct Settings: Sendable {
    /// 0 takes any that is free.
    package var port: Int
    package var identity: any Identity
    /// The production as the user named it.
    package var typed: String
    /// Of the program.
    package var version: String
    /// Paths that planning rests on, to see that they changed.
    package var inputs: [String]
    /// What lets somebody in; nil for one that is made now.
    package var key: String?
    /// What may be started from pages.
    package var conforms: ConformDesk.Settings
    /// Finds out why tasks ran.
    package var explainer: WhyDesk.Explainer

    package init(
      port: Int, identity: any Identity, typed: String, version: String, inputs: [String], key: String?,
      conforms: ConformDesk.Settings, explainer: @escaping WhyDesk.Explainer
    ) {
      (self.port, self.identity, self.typed) = (port, identity, typed)
      (self.version, self.inputs, self.key, self.conforms) = (version, inputs, key, conforms)
      self.explainer = explainer
    }
  }

  private let production: Production
  private let settings: Settings
  private let logger: Logger
  private let surveyor: BoardFeed.Surveyor?

  package init(
    _ production: Production, settings: Settings, logger: Logger, surveyor: BoardFeed.Surveyor?
  ) {
    (self.production, self.settings, self.logger, self.surveyor) = (production, settings, logger, surveyor)
  }

  /// Connections at a time: those of open streams, and room for pages.
  private static let mostConnections = BoardFeed.mostListeners + 128
  /// What an end waits for: answers under way.
  private static let longestEnd = Duration.seconds(5)

  /// Serves until SIGINT or SIGTERM.
  ///
  /// - Parameter onReady: called with the port and the key when the first request may come.
  package func run(onReady: @escaping @Sendable (_ port: Int, _ key: String) -> Void) async throws {
    let doorkeeper = Doorkeeper(key: settings.key)
    let conforms = ConformDesk(production, typed: settings.typed, settings: settings.conforms)
    try await conforms.cuts.sweep()
    try await conforms.starts.sweep()
    let reader = ProductionReader(
      production, typed: settings.typed, version: settings.version, plans: surveyor != nil)
    let files = production.fileSystem
    let paths = settings.inputs
    let runs = RunReader(production)
    let feed = BoardFeed(
      reader, runs, logger: logger, inputs: { paths.map { path in (try? files.facts(path)) ?? nil } },
      surveyor: surveyor)
    let why = WhyDesk(settings.explainer) { feed.noteNews() }
    let desk = PageDesk(
      production: production, reader: reader, runs: runs, why: why, feed: feed, doorkeeper: doorkeeper,
      identity: settings.identity)
    let routes = RouteTable()
    let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(
      middleware: RequestGuard(doorkeeper: doorkeeper, routes: routes) { error, request in
        await desk.answer(to: error, request)
      })
    EntranceRoutes(desk).add(to: router)
    PageRoutes(desk).add(to: router)
    ShotRoutes(desk).add(to: router)
    InterfaceRoutes(desk).add(to: router)
    ReviewInterfaceRoutes(desk).add(to: router)
    ConformRoutes(desk, conforms).add(to: router)
    StartRoutes(desk, conforms).add(to: router)
    routes.note(router)
    let application = Application(
      router: router,
      server: .http1(
        configuration: .init(additionalChannelHandlers: [StalledReader()], idleTimeout: .seconds(60))),
      configuration: ApplicationConfiguration(
        address: .hostname("127.0.0.1", port: settings.port), backlog: 256,
        availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
      services: [feed, why],
      onServerRunning: { channel in
        guard let port = channel.localAddress?.port else { return }
        doorkeeper.open(port: port)
        onReady(port, doorkeeper.key)
      }, logger: logger)
    var configuration = ServiceGroupConfiguration(
      services: [application], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
    configuration.maximumGracefulShutdownDuration = Self.longestEnd
    try await ServiceGroup(configuration: configuration).run()
  }
}
