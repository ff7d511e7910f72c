/// The style sheet of `report.html`.
enum PageStyle {
  static var sheet: String {
    """
    :root { color-scheme: light dark; \(variables(.light)) }
    @media screen and (prefers-color-scheme: dark) { :root { \(variables(.dark)) } }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 \(Palette.fontFamily); }
    main { max-width: 880px; margin: 0 auto; padding: 24px 20px 64px; }
    h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
    h2 { font-size: 1.3rem; margin: 44px 0 14px; padding-top: 14px; border-top: 1px solid var(--grid); }
    h3 { font-size: 1.02rem; margin: 28px 0 8px; }
    p { margin: 8px 0; max-width: 74ch; }
    a { color: var(--blue); }
    code, pre { font: 0.86em/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
    code { overflow-wrap: anywhere; }
    pre { background: var(--panel); border: 1px solid var(--grid); border-radius: 8px; padding: 12px 14px;
      white-space: pre-wrap; overflow-wrap: anywhere; }
    .lead { color: var(--muted); overflow-wrap: anywhere; max-width: none; }
    nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 14px 0 0; font-size: 0.92rem; }
    .warnings { background: var(--caution-paper); color: var(--ink); border-left: 5px solid var(--caution);
      border-radius: 6px; padding: 10px 16px; margin: 18px 0; }
    .warnings strong { color: var(--caution); }
    .warnings ul { margin: 4px 0; padding-left: 20px; }
    .warnings li { overflow-wrap: anywhere; }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; margin: 14px 0; }
    header .cards { grid-template-columns: repeat(auto-fit, minmax(164px, 1fr)); }
    .card { background: var(--panel); border: 1px solid var(--grid); border-radius: 8px; padding: 10px 14px; }
    .card .name { color: var(--muted); font-size: 0.84rem; }
    .card .value { font-size: 1.32rem; font-weight: 600; line-height: 1.35; font-variant-numeric: tabular-nums; }
    .card .note { color: var(--muted); font-size: 0.84rem; overflow-wrap: anywhere; }
    .figures { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; }
    figure { margin: 0; padding: 14px; border: 1px solid var(--grid); border-radius: 8px; min-width: 0;
      break-inside: avoid; }
    figure h3 { margin: 0 0 10px; }
    figure svg { display: block; width: 100%; height: auto; }
    figure svg.compact { display: none; max-width: 440px; margin: 0 auto; }
    figure.choice { position: relative; }
    figure.choice h3 { display: inline-block; margin-right: 16px; }
    figure.choice label { cursor: pointer; color: var(--muted); font-size: 0.84rem; padding: 3px 8px;
      border: 1px solid var(--grid); border-radius: 12px; margin: 0 4px 8px 0; display: inline-block; }
    figure.choice input { position: absolute; opacity: 0; width: 1px; height: 1px; }
    figure.choice input:checked + label { color: var(--ink); background: var(--panel); border-color: var(--muted); }
    figure.choice input:focus-visible + label { outline: 2px solid var(--blue); }
    figure.choice .option { display: none; }
    figure.choice input:nth-of-type(1):checked ~ .option:nth-of-type(1),
    figure.choice input:nth-of-type(2):checked ~ .option:nth-of-type(2),
    figure.choice input:nth-of-type(3):checked ~ .option:nth-of-type(3) { display: block; }
    figcaption { color: var(--muted); font-size: 0.9rem; margin-top: 10px; max-width: 90ch; }
    .scroll { overflow-x: auto; border: 1px solid var(--grid); border-radius: 8px; margin: 8px 0; max-width: 100%; }
    .scroll:focus-visible { outline: 2px solid var(--blue); }
    table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
    th, td { padding: 6px 12px; text-align: left; vertical-align: top; border-top: 1px solid var(--grid); }
    thead th { border-top: 0; background: var(--panel); color: var(--muted); font-weight: 600; white-space: nowrap; }
    .tight thead th { white-space: normal; vertical-align: bottom; }
    .tight th, .tight td { padding: 6px 9px; }
    .tight td a { display: inline-block; min-width: 7em; }
    .tight .number { white-space: normal; }
    .number { text-align: right; white-space: nowrap; }
    .unconverged { color: var(--vermilion); font-weight: 600; }
    dl { display: grid; grid-template-columns: minmax(130px, max-content) 1fr; gap: 4px 18px; margin: 8px 0;
      font-size: 0.94rem; }
    dt { color: var(--muted); }
    dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
    details { margin: 8px 0; }
    summary { cursor: pointer; color: var(--blue); padding: 6px 0; }
    footer { margin-top: 48px; color: var(--muted); font-size: 0.86rem; border-top: 1px solid var(--grid);
      padding-top: 12px; }
    @media (max-width: 620px) {
      main { padding: 16px 12px 48px; }
      h1 { font-size: 1.4rem; }
      .cards, header .cards { grid-template-columns: 1fr 1fr; gap: 8px; }
      table { font-size: 0.86rem; }
      th, td { padding: 6px 7px; }
      td { white-space: nowrap; }
      .card { padding: 8px 10px; }
      .card .value { font-size: 1.12rem; }
      figure { padding: 10px 6px; }
      figure h3, figcaption { padding: 0 6px; }
      figure svg.wide { display: none; }
      figure svg.compact { display: block; }
      dl { grid-template-columns: 1fr; gap: 0; }
      dd { margin-bottom: 8px; }
    }
    @media print {
      body { font-size: 11pt; }
      main { max-width: none; padding: 0; }
      nav, figure.choice input, figure.choice label { display: none; }
      .scroll { overflow: visible; }
      h2, h3 { break-after: avoid; }
      tr, .card { break-inside: avoid; }
    }
    \(Palette.figureSheet)
    """
  }

  private static func variables(_ palette: Palette) -> String {
    """
    --paper: \(palette.paper); --panel: \(palette.panel); --ink: \(palette.ink); --muted: \(palette.muted); \
    --grid: \(palette.grid); --blue: \(palette.blue); --vermilion: \(palette.vermilion); --caution: \(palette.caution); \
    --caution-paper: \(palette.cautionPaper);
    """
  }
}
