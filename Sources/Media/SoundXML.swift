import Foundation
import FoundationXML

/// Reads the leaf elements of an iXML chunk, by their path below the root.
enum SoundXML {
  /// What was read before the first fault, if the chunk is not well-formed.
  static func values(_ bytes: [UInt8]) -> [String: String] {
    // Recorders pad the chunk with NUL bytes or spaces, which no XML parser takes.
    let parser = XMLParser(data: Data(bytes.prefix { $0 != 0 }))
    parser.shouldResolveExternalEntities = false
    let reader = Reader()
    parser.delegate = reader
    _ = parser.parse()
    return reader.values
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var values: [String: String] = [:]
    private var path: [String] = []
    private var text = ""

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      path.append(name)
      text = ""
      if path.count > 64 { parser.abortParsing() }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
      let key = path.dropFirst().joined(separator: "/")
      let value = text.trimmed
      if !value.isEmpty, values[key] == nil { values[key] = value }
      text = ""
      if !path.isEmpty { path.removeLast() }
    }
  }
}
