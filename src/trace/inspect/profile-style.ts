/** Style of the page of a profile: the colours of the other pages, light or dark as the system is, printed light. */
export const profileStyle = `
:root{--paper:#faf9f6;--surface:#fff;--ink:#1d2025;--muted:#646a73;--rule:#dedcd5;--grid:#eeece6;--blue:#1668a8;color-scheme:light}
@media screen and (prefers-color-scheme:dark){:root{--paper:#131518;--surface:#1a1d21;--ink:#e8e6e1;--muted:#9da3ac;--rule:#31353b;--grid:#262a30;--blue:#62aee8;color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1400px;padding:0 28px 32px;background:var(--paper);color:var(--ink);font:14px/1.45 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
h1,h2,h3,p,dl,dd,figure,ul{margin:0;padding:0}
header{padding:22px 0 16px;border-bottom:1px solid var(--rule);margin-bottom:18px}
.overline{font-size:11px;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--muted)}
h1{font-size:22px;font-weight:650;overflow-wrap:anywhere}
h2{font-size:15px;font-weight:650}
h2 span{margin-left:4px;font-weight:400;font-size:12px;color:var(--muted)}
.notes{margin-top:6px;list-style:none;color:var(--muted);overflow-wrap:anywhere}
figure{display:grid;grid-template-rows:1fr auto auto;gap:10px;padding:14px;background:var(--surface);border:1px solid var(--rule);border-radius:6px;break-inside:avoid;min-width:0}
figcaption p,.none{font-size:12px;color:var(--muted)}
.charts,.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:18px;margin-bottom:22px}
.facts{grid-template-columns:repeat(auto-fit,minmax(min(330px,100%),1fr));gap:18px 36px}
.plot{position:relative;height:210px;margin:8px 22px 20px 44px}
.plot svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.plot path{fill:none;vector-effect:non-scaling-stroke}
.plot .grid{stroke:var(--grid)}
.plot .line{stroke:var(--blue);stroke-width:1.8;stroke-linejoin:round}
.plot .area{fill:var(--blue);opacity:.1}
.plot span{position:absolute;font-size:11px;line-height:14px;color:var(--muted);white-space:nowrap}
.plot .y{right:100%;margin-right:7px;transform:translateY(-50%)}
.plot .x{top:100%;margin-top:5px;transform:translateX(-50%)}
.x-label{font-size:11px;color:var(--muted);text-align:center}
section{break-inside:avoid;min-width:0}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);margin-top:6px;font-size:13px}
dt,dd{padding:4px 14px 4px 0;border-bottom:1px solid var(--grid)}
dt{color:var(--muted)}
.scroll{overflow-x:auto;margin:6px 0 22px}
table{border-collapse:collapse;font-size:13px}
th,td{padding:5px 0 5px 20px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid);font-weight:400}
thead th{color:var(--muted);font-size:12px;border-bottom-color:var(--rule)}
th:first-child{padding-left:0;text-align:left;position:sticky;left:0;background:var(--paper)}
footer{margin-top:20px;padding-top:14px;border-top:1px solid var(--rule);font-size:12px;color:var(--muted)}
@media (max-width:860px){body{padding:0 16px 24px}}
@media print{@page{margin:12mm}body{padding:0;max-width:none;background:#fff}.charts{grid-template-columns:1fr 1fr}.scroll{overflow:visible}th,td{padding-left:10px;font-size:10px}.plot .area{print-color-adjust:exact}}
`;
