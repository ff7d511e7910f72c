import Foundation

/// Numbers as people read them, without any locale.
enum NumberText {
  /// About `digits` significant digits: `0.0123`, `61.23`, `1.2e-05`; `not finite` for NaN and infinities.
  static func plain(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return "not finite" }
    if value == 0 { return "0" }
    if let decimals = decimals(value, digits) { return String(format: "%.\(decimals)f", value) }
    return String(format: "%.\(digits - 1)e", value)
  }

  /// The same with a typeset minus and power of ten: `−1.2×10⁻⁵`.
  static func typeset(_ value: Double, digits: Int = 4) -> String {
    let text = plain(value, digits: digits)
    guard value.isFinite else { return text }
    let parts = text.split(separator: "e")
    let mantissa = parts[0].replacingOccurrences(of: "-", with: "−")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return mantissa }
    return mantissa + "×10" + superscript(exponent)
  }

  /// Up to four significant digits without zeros at the end, typeset: `95`, `99.9`.
  static func shortest(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    return String(format: "%.4g", value).replacingOccurrences(of: "-", with: "−")
  }

  /// A count with thin spaces between thousands: `669 706`.
  static func count(_ value: Int) -> String { grouped(value, separator: "\u{202F}") }

  /// A count with commas between thousands, for terminals: `669,706`.
  static func grouped(_ value: Int, separator: String = ",") -> String {
    let digits = Array(String(value.magnitude))
    if digits.count < 5 { return String(value) }
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += separator }
      text.append(digit)
    }
    return text
  }

  /// A count with its noun, in the plural where it is not one: `1 probe`, `12,730 parameters`.
  static func counted(
    _ value: Int, _ noun: String, plural: String? = nil, separator: String = ","
  ) -> String {
    grouped(value, separator: separator) + " " + (value == 1 ? noun : plural ?? noun + "s")
  }

  /// An exponent in superscript characters.
  static func superscript(_ exponent: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    let text = String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } }
    return (exponent < 0 ? "⁻" : "") + String(text)
  }

  /// `512 B`, `1.5 GiB`.
  static func bytes(_ value: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var scaled = Double(max(0, value))
    var unit = 0
    while scaled >= 1024, unit + 1 < units.count {
      scaled /= 1024
      unit += 1
    }
    return unit == 0 ? "\(Int(scaled)) B" : String(format: scaled < 10 ? "%.1f " : "%.0f ", scaled) + units[unit]
  }

  /// `0.42 s`, `12.3 s`, `3 min 05 s`, `2 h 07 min`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "not finite" }
    if seconds < 10 { return String(format: "%.2f s", seconds) }
    if seconds < 60 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min " + String(format: "%02d s", whole % 60) }
    return NumberText.grouped(whole / 3600) + " h " + String(format: "%02d min", whole % 3600 / 60)
  }

  /// A percentage with three significant digits: `74.1 %`, `0.00149 %`.
  static func percentage(_ fraction: Double) -> String {
    fraction.isFinite ? typeset(fraction * 100, digits: 3) + " %" : "not finite"
  }

  /// Decimals for fixed notation, or nil where a power of ten reads better.
  private static func decimals(_ value: Double, _ digits: Int) -> Int? {
    let magnitude = Int(log10(abs(value)).rounded(.down))
    guard (-3...6).contains(magnitude) else { return nil }
    return max(0, digits - 1 - magnitude)
  }
}
