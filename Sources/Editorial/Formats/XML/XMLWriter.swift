/// Writes XML with elements and attributes in the given order, so that equal documents have equal bytes.
struct XMLWriter {
  struct Node {
    var name: String
    var attributes: [(name: String, value: String)] = []
    /// Not written where there are children.
    var text = ""
    var children: [Node] = []

    init(_ name: String, text: String = "") {
      self.name = name
      self.text = text
    }

    init(_ name: String, _ children: [Node]) {
      self.name = name
      self.children = children
    }
  }

  /// The document in UTF-8 with tabs for indentation and a final line end.
  ///
  /// - Parameter doctype: name in the document type declaration; none without it.
  static func bytes(_ root: Node, doctype: String? = nil) -> [UInt8] {
    var bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
    if let doctype { bytes += "<!DOCTYPE \(doctype)>\n".utf8 }
    write(root, indent: 0, into: &bytes)
    return bytes
  }

  /// Whether XML takes it as the name of an element or attribute; only the names that formats use, without
  /// colons.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first), first != UInt8(ascii: "-"),
      first != UInt8(ascii: ".")
    else { return false }
    return text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte >= 0x80 || "_-.".utf8.contains(byte)
    }
  }

  private static func write(_ node: Node, indent: Int, into bytes: inout [UInt8]) {
    bytes += repeatElement(UInt8(ascii: "\t"), count: indent)
    bytes += "<\(node.name)".utf8
    for attribute in node.attributes {
      bytes += " \(attribute.name)=\"".utf8
      escape(attribute.value, isAttribute: true, into: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    if !node.children.isEmpty {
      bytes += ">\n".utf8
      for child in node.children { write(child, indent: indent + 1, into: &bytes) }
      bytes += repeatElement(UInt8(ascii: "\t"), count: indent)
      bytes += "</\(node.name)>\n".utf8
    } else if !node.text.isEmpty {
      bytes.append(UInt8(ascii: ">"))
      escape(node.text, isAttribute: false, into: &bytes)
      bytes += "</\(node.name)>\n".utf8
    } else {
      bytes += "/>\n".utf8
    }
  }

  /// Characters that XML cannot hold at all become U+FFFD.
  ///
  /// Source: XML 1.0 (fifth edition) §2.2, §2.11 (line ends), §3.3.3 (white space in attributes).
  private static func escape(_ text: String, isAttribute: Bool, into bytes: inout [UInt8]) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": bytes += "&amp;".utf8
      case "<": bytes += "&lt;".utf8
      case ">": bytes += "&gt;".utf8
      case "\"" where isAttribute: bytes += "&quot;".utf8
      case "\r": bytes += "&#13;".utf8
      case "\n" where isAttribute, "\t" where isAttribute: bytes += "&#\(scalar.value);".utf8
      // Text that begins with a line end would be taken for indentation.
      case "\n": bytes += "&#10;".utf8
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
        bytes += "\u{FFFD}".utf8
      default: bytes += String(scalar).utf8
      }
    }
  }
}
