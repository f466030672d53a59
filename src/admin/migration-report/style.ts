/** How the report looks: on a screen in light and dark, on a telephone, on paper. */

export const style = `
:root{color-scheme:light dark;--ink:#16202b;--quiet:#566273;--line:#dfe4ea;--ground:#fbfcfd;--card:#fff;--soft:#f1f4f8;--candidate:#2463c9;--baseline:#7b8794;--bad:#c22f2f;--good:#1f7a48;--doubt:#a86500;--edge:#16202b2e}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--quiet:#9aa7b6;--line:#2c3641;--ground:#10161c;--card:#171f27;--soft:#1e2832;--candidate:#6ea8ff;--baseline:#93a0ae;--bad:#ff7a73;--good:#57c98a;--doubt:#e8b04f;--edge:#000000b3}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:40px 24px 64px}
header{border-bottom:1px solid var(--line);padding-bottom:24px}
h1{font-size:28px;line-height:1.2;letter-spacing:-.015em;margin:10px 0 12px;overflow-wrap:anywhere}
h2{font-size:19px;letter-spacing:-.01em;margin:48px 0 4px}
h3{font-size:15px;margin:0}
p{margin:6px 0}
.lead{font-size:17px;line-height:1.5;max-width:76ch;margin:0}
.quiet,.caption,small{color:var(--quiet)}.caption{font-size:13px;margin:10px 0 0}
.about{max-width:80ch;color:var(--quiet);font-size:14px;margin:0 0 16px}
.state{display:inline-block;font-size:13px;font-weight:600;padding:3px 10px;border-radius:999px;border:1px solid currentColor}
.bad{color:var(--bad)}.good{color:var(--good)}.doubtful{color:var(--doubt)}.plain{color:var(--candidate)}
.routes{font-size:14px;color:var(--quiet);margin-top:14px;overflow-wrap:anywhere}.routes b{color:var(--ink);font-weight:600}
.next{margin-top:12px;padding:10px 14px;border-left:3px solid var(--candidate);background:var(--soft);border-radius:0 6px 6px 0;max-width:90ch}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin:16px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;min-width:0}
.card strong{display:block;font-size:23px;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}.cards span{display:block;color:var(--quiet);font-size:13px;line-height:1.4;margin-top:2px}.card strong small{font-size:13px;font-weight:400;margin-left:4px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:16px;margin:16px 0}
.head{display:flex;justify-content:space-between;gap:12px;align-items:baseline;margin-bottom:6px}.head small{font-weight:400;margin-left:6px}.verdict{font-size:13px;font-weight:600;white-space:nowrap}
.scroll{overflow-x:auto;margin:12px 0;background:linear-gradient(90deg,var(--ground) 40%,transparent) 0 0/36px 100% no-repeat local,linear-gradient(270deg,var(--ground) 40%,transparent) 100% 0/36px 100% no-repeat local,linear-gradient(90deg,var(--edge),transparent) 0 0/9px 100% no-repeat scroll,linear-gradient(270deg,var(--edge),transparent) 100% 0/9px 100% no-repeat scroll}.card .scroll,details .scroll{--ground:var(--card)}.strata{min-width:780px;table-layout:fixed}.strata th:first-child{width:25%}
table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--quiet);font-weight:600;font-size:13px;white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td:last-child,th:last-child{padding-right:0}
td.time{white-space:nowrap;font-variant-numeric:tabular-nums;color:var(--quiet)}
code,.mono{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,"Noto Sans Mono",monospace;overflow-wrap:anywhere}
pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,"Noto Sans Mono",monospace;background:var(--soft);border-radius:8px;padding:14px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);padding:0 16px;margin:8px 0}summary{cursor:pointer;padding:10px 0;font-weight:600;font-size:14px}details[open]{padding-bottom:12px}
.forecast td:first-child{white-space:nowrap}td svg{min-width:120px}.respects td{white-space:nowrap}.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(280px,100%),1fr));gap:16px}.sides h3{font-size:13px;color:var(--quiet);margin-bottom:4px}
ul{padding-left:20px;margin:8px 0}li{margin:4px 0;max-width:90ch}
.key{display:inline-flex;gap:16px;font-size:13px;color:var(--quiet);flex-wrap:wrap}.key i{display:inline-block;width:18px;height:3px;border-radius:2px;vertical-align:middle;margin-right:6px;background:var(--candidate)}.key .b{background:var(--baseline)}.key .l{background:var(--bad)}
svg{display:block;width:100%;height:auto;overflow:visible}svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink);font-variant-numeric:tabular-nums}svg .tick{fill:var(--quiet)}svg .note{font-weight:600}svg .faint{fill:var(--quiet);font-weight:400}svg .bad{fill:var(--bad)}svg .good{fill:var(--good)}svg .doubtful{fill:var(--doubt)}svg .plain{fill:var(--candidate)}
.grid{stroke:var(--line)}.axis{stroke:var(--baseline)}.weight{fill:none;stroke:var(--candidate);stroke-width:2}.area{fill:var(--candidate);opacity:.1}.mark{stroke:var(--card);stroke-width:1.5}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}.curve.candidate,.curve.evidence{stroke:var(--candidate)}.curve.baseline{stroke:var(--baseline)}.curve.alarm{stroke:var(--bad)}.band.candidate{fill:var(--candidate);opacity:.18}.band.baseline{fill:var(--baseline);opacity:.16}
.limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}.even{stroke:var(--baseline);stroke-dasharray:2 3}.tail{stroke-dasharray:4 4;stroke-width:1.2}.tail.candidate{stroke:var(--candidate)}.tail.baseline{stroke:var(--baseline)}
.bar.candidate{fill:var(--candidate)}.bar.baseline{fill:var(--baseline)}
.narrow{display:none}
footer{margin-top:48px;padding-top:20px;border-top:1px solid var(--line);font-size:13px;color:var(--quiet)}
@media (max-width:600px){.pair svg text{font-size:16px}main{padding:24px 16px 40px}h1{font-size:23px}.lead{font-size:16px}.wide{display:none}.narrow{display:block}.cards{grid-template-columns:1fr 1fr;gap:8px}.card{padding:12px}.card strong{font-size:19px}h2{margin-top:36px}table{font-size:13px}.strata{min-width:680px}.strata th:first-child{width:150px}.respects th{white-space:normal}.respects td:first-child{white-space:normal}.respects th,.respects td{padding-right:8px}.respects :is(th,td):is(:nth-child(2),:nth-child(5)){display:none}.decisions td{display:inline-block;border:0;padding:1px 12px 1px 0}.decisions td:last-child{display:block}.decisions td:nth-child(3){font-weight:600}.decisions thead{display:none}.decisions tr{display:block;border-bottom:1px solid var(--line);padding:8px 0}}
@media print{:root{--ink:#000;--quiet:#444;--line:#ccc;--ground:#fff;--card:#fff;--soft:#f4f4f4;--candidate:#2463c9;--baseline:#7b8794;--bad:#b22;--good:#176b3d;--doubt:#8a5300}body{font-size:11px}main{max-width:none;padding:0}h2{margin-top:22px}h2,.about,.key{break-after:avoid}.card,details,svg,tr{break-inside:avoid}.pair{grid-template-columns:1fr 1fr}.cards{grid-template-columns:repeat(5,1fr)}.card strong{font-size:15px}table{font-size:10px}.strata{min-width:0}.strata th,.strata td{white-space:normal}a{color:inherit}}
@page{margin:14mm}
`
