import HTTPTypes
import Hummingbird
import Synchronization

/// Which methods an address takes: a router that knows an address under another method says that there is none.
final class RouteTable: Sendable {
  private struct Place: Sendable {
    var path: RouterPath
    var methods: Set<HTTPRequest.Method>
  }

  private let places = Mutex<[Place]>([])

  /// Takes the routes of a router that has all of them.
  func note(_ router: Router<BasicRequestContext>) {
    var methods: [String: (RouterPath, Set<HTTPRequest.Method>)] = [:]
    for route in router.routes {
      let known = methods[route.path.description]?.1 ?? []
      let more: Set<HTTPRequest.Method> = route.method == .get ? [.get, .head] : [route.method]
      methods[route.path.description] = (route.path, known.union(more))
    }
    let all = methods.values.map { Place(path: $0.0, methods: $0.1) }
    places.withLock { $0 = all }
  }

  /// - Throws: 405 for a method that the address does not take; what is no address at all is left to the router.
  func check(_ request: Request) throws {
    let parts = request.uri.path.split(separator: "/")
    let here = places.withLock { places in
      places.filter { place in
        place.path.components.count == parts.count
          && zip(place.path.components, parts).allSatisfy { $0 ~= $1 }
      }
    }
    let methods = here.reduce(into: Set<HTTPRequest.Method>()) { $0.formUnion($1.methods) }
    guard !methods.isEmpty, !methods.contains(request.method) else { return }
    let names = methods.map(\.rawValue).sorted().joined(separator: ", ")
    throw HTTPError(.methodNotAllowed, headers: [.allow: names], message: "this address takes \(names)")
  }
}
