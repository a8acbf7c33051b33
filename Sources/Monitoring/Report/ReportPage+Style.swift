extension ReportPage {
  /// Colours of stages in plan order, told apart on dark and on paper; further stages begin again.
  static let palette = [
    "#5b8db8", "#c98f4e", "#6fa57a", "#b5697a", "#8d7bb8", "#4fa3a0", "#b8a24f", "#a0714f", "#7f96a8",
    "#9aa564",
  ]

  /// Neutral greys on dark; dark on white when printed.
  static let style = """
    :root { --paper: #161616; --well: #0d0d0d; --panel: #1d1d1d; --rule: #303030; --ink: #e8e8e8;
      --soft: #a8a8a8; --faint: #7d7d7d; --warn: #e3a44a; --bad: #e3665c; --good: #7fb68a; --track: #2a2a2a;
      --name: #101010; }
    * { box-sizing: border-box; }
    html { background: var(--paper); color: var(--ink); font: 14px/1.5 "Noto Sans", system-ui, sans-serif;
      font-variant-numeric: tabular-nums; }
    body { margin: 0 auto; max-width: 1400px; padding: 40px 40px 64px; }
    h1 { font-size: 2.15rem; font-weight: 600; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; font-weight: 600; margin: 44px 0 12px; }
    h2 small { color: var(--soft); font-size: 1rem; font-weight: 400; margin-left: 10px; }
    .lead { color: var(--soft); margin: 6px 0 24px; overflow-wrap: anywhere; }
    .state { color: var(--good); } .state.bad { color: var(--bad); } .state.warn { color: var(--warn); }
    dl.facts { border: 1px solid var(--rule); border-width: 1px 0; display: flex; flex-wrap: wrap; gap: 14px 44px;
      margin: 0; padding: 16px 0; }
    dl.facts dt { color: var(--soft); font-size: .86rem; }
    dl.facts dd { font-size: 1.14rem; margin: 0; white-space: nowrap; }
    dl.facts dd small { color: var(--soft); font-size: .86rem; margin-left: 6px; }
    svg { display: block; height: auto; width: 100%; }
    svg text { fill: var(--soft); font: 11px "Noto Sans", system-ui, sans-serif; }
    svg text.name { fill: var(--name); font-size: 10.5px; }
    svg .lane { fill: var(--well); }
    svg .tick { stroke: var(--rule); }
    svg .span { stroke: var(--paper); stroke-width: .6; }
    svg .failed { fill: url(#failed); stroke: var(--bad); stroke-width: 1; }
    svg .open { stroke: var(--warn); stroke-dasharray: 3 2; stroke-width: 1; }
    svg .mark { fill: var(--bad); }
    svg .critical { stroke: var(--ink); stroke-width: 1; }
    svg .wait { fill: var(--track); }
    figure { margin: 0 0 10px; overflow-x: auto; }
    .key { color: var(--soft); display: flex; flex-wrap: wrap; font-size: .86rem; gap: 4px 20px; margin: 8px 0 0; }
    td:has(> .swatch) { white-space: nowrap; }
    i.swatch { display: inline-block; height: 10px; margin-right: 7px; width: 18px; }
    table { border-collapse: collapse; width: 100%; }
    th { border-bottom: 1px solid var(--rule); color: var(--soft); font-size: .86rem; font-weight: 400;
      padding: 4px 16px 6px 0; text-align: left; vertical-align: bottom; }
    td { border-bottom: 1px solid var(--panel); overflow-wrap: anywhere; padding: 6px 16px 6px 0; vertical-align: top; }
    td:last-child, th:last-child { padding-right: 0; }
    .n { text-align: right; white-space: nowrap; }
    tr.sum td { border-bottom: 0; border-top: 1px solid var(--rule); font-weight: 600; }
    .soft { color: var(--soft); } .error { color: var(--bad); } .small { font-size: .93rem; }
    .bar { background: var(--track); display: flex; height: 10px; margin-top: 6px; min-width: 120px; width: 100%; }
    .bar b { display: block; height: 100%; }
    .reuse { display: grid; gap: 6px 20px; grid-template-columns: max-content 1fr max-content; margin: 0 0 8px; }
    .reuse .bar { height: 14px; margin-top: 4px; }
    .two { display: grid; gap: 0 48px; grid-template-columns: 1fr 1fr; }
    pre { background: var(--well); font: 12px/1.5 "Noto Sans Mono", monospace; margin: 4px 0 0; overflow-x: auto;
      padding: 8px 12px; white-space: pre-wrap; }
    footer { color: var(--faint); font-size: .86rem; margin-top: 44px; }
    @media (max-width: 900px) {
      body { padding: 24px 20px 40px; }
      svg { min-width: 1100px; }
      .two { grid-template-columns: 1fr; }
    }
    @page { margin: 14mm 12mm; size: landscape; }
    @media print {
      :root { --paper: #fff; --well: #f3f3f3; --panel: #e8e8e8; --rule: #c4c4c4; --ink: #111; --soft: #555;
        --faint: #777; --warn: #8a5200; --bad: #a11a10; --good: #1f6b33; --track: #e2e2e2; }
      html { font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
      body { max-width: none; padding: 0; }
      svg { min-width: 0; }
      dl.facts { gap: 8px 28px; padding: 10px 0; }
      h2 { break-after: avoid; margin: 26px 0 8px; }
      tr, figure, .reuse { break-inside: avoid; }
      thead { display: table-header-group; }
    }
    """
}
