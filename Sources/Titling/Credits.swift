package import Diagnostics
package import Digests

/// End credits as read: blocks of entries in the order in which they are shown.
package struct Credits: Hashable, Codable, Sendable, CanonicallyEncodable {
  package enum Layout: String, Codable, Sendable, CaseIterable {
    /// The role flush right and the name flush left, on either side of a gutter.
    case pair
    /// The role small, and the name large below it, both centred.
    case card
    /// Names in one column, centred.
    case column
    case twoColumns = "columns-2"
    case threeColumns = "columns-3"
    /// A paragraph, centred and wrapped: thanks, licences, attributions.
    case text
    /// A picture.
    case logo
    /// Blank rows, as many as the name says.
    case space

    package var columns: Int {
      switch self {
      case .twoColumns: 2
      case .threeColumns: 3
      default: 1
      }
    }

    package var takesRole: Bool { self == .pair || self == .card }
  }

  package struct Entry: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var role: String
    package var name: String
    /// BCP 47, e.g. `ja`: chooses between forms of Han characters.
    package var language: String?
    /// Digest of a PNG, an object of the store.
    package var logo: Digest?
    /// Where it was written; decides no pixel.
    package var location: SourceLocation

    package init(role: String, name: String, language: String?, logo: Digest? = nil, location: SourceLocation)
    {
      self.role = role
      self.name = name
      self.language = language
      self.logo = logo
      self.location = location
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(role)
      encoder.append(name)
      encoder.append(language)
      encoder.append(logo)
    }
  }

  /// Entries of one layout under one heading.
  package struct Block: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// Empty where the heading before goes on.
    package var heading: String
    package var headingLocation: SourceLocation
    package var layout: Layout
    package var entries: [Entry]

    package init(heading: String, headingLocation: SourceLocation, layout: Layout, entries: [Entry]) {
      self.heading = heading
      self.headingLocation = headingLocation
      self.layout = layout
      self.entries = entries
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(heading)
      encoder.append(layout.rawValue)
      encoder.append(entries)
    }
  }

  package var blocks: [Block]

  package init(blocks: [Block]) { self.blocks = blocks }

  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(blocks) }
}
