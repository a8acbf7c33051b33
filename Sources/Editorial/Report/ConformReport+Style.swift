extension ConformReport {
  /// Neutral greys on dark; dark on white when printed.
  static let style = """
    :root { --paper: #161616; --well: #0d0d0d; --panel: #1d1d1d; --rule: #303030; --ink: #e8e8e8;
      --soft: #a8a8a8; --faint: #7d7d7d; --warn: #e3a44a; --bad: #e3665c; --clip: #46535f; --sound: #3d4a42;
      --edge: #161616; --cross: #c9c9c9; }
    * { box-sizing: border-box; }
    html { background: var(--paper); color: var(--ink); font: 14px/1.5 "Noto Sans", system-ui, sans-serif;
      font-variant-numeric: tabular-nums; }
    body { margin: 0 auto; max-width: 1400px; padding: 40px 40px 64px; }
    h1 { font-size: 2.15rem; font-weight: 600; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; font-weight: 600; margin: 44px 0 12px; overflow-wrap: anywhere; }
    h2 small { color: var(--soft); font-size: 1rem; font-weight: 400; margin-left: 10px; }
    .lead { color: var(--soft); margin: 6px 0 24px; overflow-wrap: anywhere; }
    dl.facts { border: 1px solid var(--rule); border-width: 1px 0; display: flex; flex-wrap: wrap; gap: 14px 44px;
      margin: 0; padding: 16px 0; }
    dl.facts dt { color: var(--soft); font-size: .86rem; }
    dl.facts dd { font-size: 1.14rem; margin: 0; white-space: nowrap; }
    svg { display: block; height: auto; width: 100%; }
    svg text { fill: var(--soft); font: 11px "Noto Sans", system-ui, sans-serif; }
    svg text.name { fill: #dcdcdc; font-size: 10.5px; }
    svg .lane { fill: var(--well); }
    svg .clip { fill: var(--clip); stroke: var(--edge); }
    svg .sound .clip { fill: var(--sound); }
    svg .black { fill: #000; stroke: var(--rule); }
    svg .lost { fill: var(--bad); stroke: var(--edge); }
    svg .transition { fill: rgba(255, 255, 255, .16); }
    svg .cross { stroke: var(--cross); }
    svg .tick { stroke: var(--rule); }
    svg .locator { fill: var(--warn); }
    figure { margin: 0 0 14px; overflow-x: auto; }
    .key { color: var(--soft); display: flex; flex-wrap: wrap; font-size: .86rem; gap: 4px 20px; margin: 8px 0 0; }
    .key i { border: 1px solid var(--rule); display: inline-block; height: 10px; margin-right: 7px; width: 18px; }
    ul.counts { display: grid; gap: 12px; grid-template-columns: repeat(4, 1fr); list-style: none; margin: 0 0 16px;
      padding: 0; }
    ul.counts li { background: var(--panel); padding: 10px 16px 12px; }
    ul.counts b { display: block; font-size: 1.7rem; font-weight: 600; line-height: 1.3; }
    ul.counts span { color: var(--soft); font-size: .93rem; }
    table { border-collapse: collapse; width: 100%; }
    th { border-bottom: 1px solid var(--rule); color: var(--soft); font-size: .86rem; font-weight: 400; padding: 4px 16px 6px 0;
      text-align: left; vertical-align: bottom; }
    td { overflow-wrap: anywhere; padding: 8px 16px 0 0; vertical-align: top; }
    td:last-child, th:last-child { padding-right: 0; }
    tbody tr:last-child td { border-bottom: 1px solid var(--rule); padding-bottom: 8px; }
    tbody.event tr + tr td { padding-top: 2px; }
    td.frames { border-bottom: 1px solid var(--rule); padding-bottom: 8px; white-space: nowrap; width: 1%; }
    td.frames img { background: var(--well); display: inline-block; margin-right: 4px; vertical-align: top; width: 116px; }
    ul.candidates { list-style: none; margin: 4px 0 0; padding: 0; }
    ul.candidates li { border-left: 2px solid var(--rule); margin-top: 3px; padding-left: 8px; }
    ul.candidates b { font-weight: 400; color: var(--ink); }
    .number { white-space: nowrap; }
    .time { white-space: nowrap; }
    .shot { font-weight: 600; }
    .soft { color: var(--soft); font-weight: 400; }
    .small { font-size: .93rem; }
    .short { color: var(--warn); }
    .error { color: var(--bad); }
    @media (max-width: 900px) {
      body { padding: 24px 20px 40px; }
      ul.counts { grid-template-columns: repeat(2, 1fr); }
      .time { white-space: normal; }
      svg { min-width: 1100px; }
    }
    @page { margin: 14mm 12mm; }
    @media print {
      :root { --paper: #fff; --well: #f3f3f3; --panel: #f3f3f3; --rule: #c4c4c4; --ink: #111; --soft: #555;
        --faint: #777; --warn: #8a5200; --bad: #a11a10; --clip: #b9c4cf; --sound: #c3d0c8; --edge: #fff;
        --cross: #333; }
      html { font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
      body { max-width: none; padding: 0; }
      svg { min-width: 0; }
      dl.facts { gap: 8px 28px; padding: 10px 0; }
      h2 { margin: 26px 0 8px; }
      ul.counts { grid-template-columns: repeat(4, 1fr); }
      svg text.name { fill: #222; }
      h2 { break-after: avoid; }
      tbody, figure, ul.counts { break-inside: avoid; }
      thead { display: table-header-group; }
      td.frames img { margin-right: 3px; width: 24mm; }
      td { padding-top: 5px; }
    }
    """
}
