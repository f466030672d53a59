/** The look of the HTML report, light and dark. */

export const style = `
:root { color-scheme: light dark; --ink: #1b2430; --faint: #5a6775; --line: #dbe1e8; --ground: #fff; --soft: #f4f6f9; --pass: #1f7a4d; --strays: #5b7a1f; --fail: #c0392b; --known: #a8641a; --none: #6b7785; --blank: #b9c2cc }
@media (prefers-color-scheme: dark) { :root { --ink: #e5eaf0; --faint: #9aa7b5; --line: #323c48; --ground: #141a21; --soft: #1c242d; --pass: #237f51; --strays: #66832a; --fail: #cc463d; --known: #9f611d; --none: #64727f; --blank: #46525f } }
* { box-sizing: border-box }
body { font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto; padding: 28px 24px 48px; max-width: 1040px }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere } h2 { font-size: 17px; margin: 30px 0 8px }
h2::first-letter { text-transform: uppercase }
p { margin: 5px 0 } .faint { color: var(--faint); font-size: 13px } code { font: 12.5px ui-monospace, monospace; overflow-wrap: anywhere }
.overall { font-size: 14px; font-weight: 600; color: #fff; border-radius: 999px; padding: 3px 12px; vertical-align: middle; white-space: nowrap } .overall.pass { background: var(--pass) } .overall.fail { background: var(--fail) }
.figures { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0 } .figures div { border: 1px solid var(--line); border-radius: 8px; padding: 8px 18px; min-width: 104px } .figures b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums } .figures span { color: var(--faint); font-size: 13px }
.map { display: grid; grid-template-columns: max-content 1fr; gap: 6px 16px; background: var(--soft); border-radius: 8px; padding: 16px; margin: 0; align-items: center } .map dt { color: var(--faint); font-size: 13px } .map dd { margin: 0; display: flex; flex-wrap: wrap; gap: 4px }
.cell { display: inline-block; width: 24px; height: 24px; border-radius: 5px } a.cell:hover, a.cell:focus-visible { outline: 2px solid var(--ink); outline-offset: 1px }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 0; margin: 10px 0 0; font-size: 13px; color: var(--faint) } .legend li { display: flex; align-items: center; gap: 6px } .legend .cell { width: 12px; height: 12px; border-radius: 3px }
.cell.pass, .mark.pass { background: var(--pass) } .cell.strays, .mark.strays { background: var(--strays) } .cell.fail, .mark.fail { background: var(--fail) } .cell.known, .mark.known { background: var(--known) } .cell.none, .mark.none { background: var(--none) } .cell.blank { background: repeating-linear-gradient(45deg, var(--blank) 0 3px, transparent 3px 6px); border: 1px solid var(--blank) } .mark.blank { background: var(--none) }
details { border: 1px solid var(--line); border-radius: 8px; margin: 6px 0; scroll-margin-top: 12px } details:target { border-color: var(--ink) }
summary { cursor: pointer; padding: 9px 12px; display: grid; grid-template-columns: 104px 1fr auto auto; gap: 12px; align-items: baseline } summary::-webkit-details-marker { display: none } summary code, .level { color: var(--faint); font-size: 12.5px }
.mark { color: #fff; border-radius: 5px; padding: 1px 0; font-size: 12.5px; font-weight: 600; text-align: center } .title { font-weight: 500 }
.inside { padding: 2px 14px 12px; border-top: 1px solid var(--line) } .reason { font-weight: 500; overflow-wrap: anywhere }
.exchange { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; margin-top: 10px } .exchange .faint { grid-column: 1 / -1; margin: 0 }
pre { font: 12px/1.45 ui-monospace, monospace; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; margin: 0; padding: 10px; max-height: 300px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
ol.failing { padding-left: 20px } .failing li { margin: 6px 0 } .failing a { color: inherit; font-weight: 600 } .failing p { margin: 0 }
.changes { list-style: none; padding: 0 } .changes li { padding: 4px 10px; border-left: 4px solid var(--none); margin: 4px 0; background: var(--soft) } .changes .regression { border-color: var(--fail) } .changes .improvement { border-color: var(--pass) }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
footer { margin-top: 32px; border-top: 1px solid var(--line); padding-top: 10px; color: var(--faint); font-size: 13px }
@media (max-width: 640px) { summary { grid-template-columns: 92px 1fr } summary code, .level { grid-column: 2 } .exchange { grid-template-columns: 1fr } .map { grid-template-columns: 1fr; gap: 2px } .map dd { margin-bottom: 8px } }
@media print { details { break-inside: avoid } .cell, .mark, .overall { print-color-adjust: exact } }
`
