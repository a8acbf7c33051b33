import COpenColorIO

/// What OpenColorIO says is wrong with a config, a file or a chain, in its own words.
package struct ColourManagementError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String

  package var description: String { message }
}

/// An OpenColorIO config: colour spaces, displays and their views, looks.
///
/// Nothing of the process environment takes part: variables of the config have their declared defaults unless they are
/// set here. Not for use by several threads while variables are set.
@safe package final class ColourConfig {
  /// Names the library, such as `OpenColorIO 2.1.2`: equal input and equal identity give equal values.
  package static let libraryIdentity: String = {
    let version = unsafe coc_version().map { unsafe String(cString: $0) } ?? "unknown"
    return "OpenColorIO \(version)"
  }()

  let raw: OpaquePointer  // owned, never null; freed once in deinit

  /// A config file, of version 1 or 2; what it names is looked for beside it.
  package init(reading path: String) throws(ColourManagementError) {
    unsafe raw = try unsafe checked { unsafe coc_config_read(path, $0) }
  }

  /// A config without spaces, for transforms that need none.
  package init() throws(ColourManagementError) {
    unsafe raw = try unsafe checked { unsafe coc_config_raw($0) }
  }

  deinit { unsafe coc_config_free(raw) }

  /// Finds contradictions inside the config; files that it names are read when a processor needs them.
  package func check() throws(ColourManagementError) {
    try unsafe require { unsafe coc_config_check(raw, $0) }
  }

  /// Gives a context variable its value, as in `$SHOT`.
  package func set(_ variable: String, to value: String) throws(ColourManagementError) {
    try unsafe require { unsafe coc_config_set_variable(raw, variable, value, $0) }
  }
}

/// Text of the library, taken over.
private func taken(_ text: UnsafeMutablePointer<CChar>?) -> ColourManagementError {
  defer { unsafe coc_free_text(text) }
  return ColourManagementError(message: unsafe text.map { unsafe String(cString: $0) } ?? "out of memory")
}

/// What a call made.
func checked(
  _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> OpaquePointer?
) throws(ColourManagementError) -> OpaquePointer {
  var error: UnsafeMutablePointer<CChar>? = nil
  guard let made = unsafe call(&error) else { throw unsafe taken(error) }
  return unsafe made
}

/// Fails where a call did.
func require(
  _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
) throws(ColourManagementError) {
  var error: UnsafeMutablePointer<CChar>? = nil
  if unsafe call(&error) != 0 { throw unsafe taken(error) }
}
