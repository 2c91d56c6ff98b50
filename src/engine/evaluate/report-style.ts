/** The report's colours by theme; test/engine/evaluate/report-style.test.ts checks their contrast. */
export const palette = {
  light: {
    page: '#ffffff',
    panel: '#f4f6f5',
    line: '#d5dbd8',
    ink: '#1a2420',
    soft: '#56635d',
    right: '#0d6b55',
    wrong: '#a8400c',
    heatRight: '#12a07d',
    heatWrong: '#f0832f',
  },
  dark: {
    page: '#141917',
    panel: '#1e2522',
    line: '#38433e',
    ink: '#e8edea',
    soft: '#a5b1ab',
    right: '#5fcfb0',
    wrong: '#ff9d68',
    heatRight: '#12a07d',
    heatWrong: '#d9671a',
  },
} as const;

/** Opacity of the heat in a full cell: low enough that ink stays readable on it. */
export const strongestHeat = 0.45;

function variables(colours: Readonly<Record<string, string>>): string {
  const lines = Object.entries(colours).map(([name, value]) => `--${name}:${value};`);
  for (const name of ['heatRight', 'heatWrong']) {
    const value = colours[name] ?? '#000000';
    const channels = [1, 3, 5].map((at) => Number.parseInt(value.slice(at, at + 2), 16)).join(',');
    lines.push(`--${name}Channels:${channels};`);
  }
  return lines.join('');
}

/** The stylesheet: one type scale (13, 15, 18, 24, 40 px), light, dark and print. */
export const styleSheet = `
:root{color-scheme:light dark;${variables(palette.light)}
--small:.8125rem;--text:.9375rem;--large:1.125rem;--heading:1.5rem;--headline:2.5rem}
@media (prefers-color-scheme:dark){:root{${variables(palette.dark)}}}
*{box-sizing:border-box}
html{font:400 100%/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans",Ubuntu,Cantarell,"Helvetica Neue",Arial,sans-serif;background:var(--page);color:var(--ink);-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;padding:2.5rem 1.5rem 4rem;max-width:68rem;font-size:var(--text);overflow-wrap:anywhere}
h1,h2,h3{line-height:1.2;margin:0;font-weight:650;text-wrap:balance}
h1{font-size:var(--headline);letter-spacing:-.02em}
h2{font-size:var(--heading);letter-spacing:-.01em}
h3{font-size:var(--text)}
p,ul,ol,dl,figure{margin:0}
section{margin-top:3.25rem}
section>*+*{margin-top:1rem}
section>h2+*{margin-top:.625rem}
section>.note+*{margin-top:.75rem}
section>h3{margin-top:1.75rem}
section>h3+*{margin-top:.375rem}
.lead{font-size:var(--large);color:var(--soft);max-width:44rem}
.note,figcaption,.soft,caption{color:var(--soft)}
.note,section>p{max-width:44rem}
small,.note,figcaption,.facts,.tick{font-size:var(--small)}
a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:.15em}
a:hover{text-decoration-color:currentColor}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--right);outline-offset:2px;border-radius:3px}
.name{font-size:var(--small);color:var(--soft);margin-bottom:.5rem}
header .lead{margin-top:.5rem}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin-top:1.25rem;padding:0;list-style:none;color:var(--soft)}
.facts b{color:var(--ink);font-weight:600}
nav a{text-decoration:none;color:var(--soft)}nav a:hover{text-decoration:underline;color:var(--ink)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:.75rem 0 0;margin-top:1.25rem;border-top:1px solid var(--line);font-size:var(--small)}
.photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.25rem,1fr));gap:1rem .75rem;list-style:none;padding:0}
.photos li{min-width:0}
.photos.wall{grid-template-columns:repeat(auto-fill,minmax(7.5rem,1fr));gap:.5rem}
.photo{display:block;width:100%;aspect-ratio:1;object-fit:cover;border-radius:4px;background:var(--panel)}
.photo.none{display:grid;place-items:center;color:var(--soft);font-size:var(--small)}
.answer{display:block;margin-top:.375rem;line-height:1.35}
.answer,.truth,.file{font-size:var(--small)}
.truth,.photos .file{display:block;line-height:1.35;color:var(--soft)}
.clip{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.clip.three{-webkit-line-clamp:3}
.ok{color:var(--right);font-weight:600}
.no{color:var(--wrong);font-weight:600}
.classes{display:grid;grid-template-columns:repeat(auto-fit,minmax(15.5rem,1fr));gap:1.25rem;list-style:none;padding:0}
.classes.small{grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr))}
.classes li{min-width:0;max-width:32rem}
.strip{display:grid;grid-auto-flow:column;grid-auto-columns:1fr;gap:2px;border-radius:4px;overflow:hidden;background:var(--panel)}
.strip .photo{border-radius:0}
.classes h3{margin-top:.5rem}
.advice{list-style:none;padding:0;display:grid;gap:.75rem}
.advice li{border-left:3px solid var(--line);padding:.125rem 0 .125rem 1rem;max-width:48rem}
.advice li.serious{border-color:var(--wrong)}
.advice .kind{font-weight:600}
.advice .serious .kind{color:var(--wrong)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:var(--small);font-variant-numeric:tabular-nums;line-height:1.35}
caption{text-align:left;padding-bottom:.5rem}
th,td{padding:.375rem .75rem .375rem 0;text-align:left;vertical-align:middle;border-bottom:1px solid var(--line);overflow-wrap:normal}
th{font-weight:600}
thead th{color:var(--soft);vertical-align:bottom}
th[scope=row]{min-width:var(--name,0)}
th[scope=row] bdi,td bdi{overflow-wrap:anywhere}
.wide th[scope=row] bdi{display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden}
.number{text-align:right;white-space:nowrap}
.wide{width:100%}
.bar{display:block;width:100%;min-width:7rem;height:16px;overflow:visible}
.bar .track{fill:var(--panel)}.bar .fill{fill:var(--heatRight);opacity:.75}.bar .range{stroke:var(--ink);stroke-width:1.5}
.matrix th,.matrix td{border:2px solid var(--page);padding:0;text-align:center}
.matrix thead th{padding:.25rem .375rem .375rem;vertical-align:bottom;font-weight:400}
.matrix tbody th{padding:.25rem .625rem .25rem 0;text-align:right;font-weight:400;max-width:14rem}
.matrix thead bdi,.matrix tbody bdi{display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden}
.matrix thead bdi{max-width:8rem;min-width:2.5rem;margin:0 auto}
.matrix.many thead bdi{writing-mode:vertical-rl;max-width:none;max-height:9rem;margin:0 auto;-webkit-line-clamp:2}
.matrix tbody td{background:var(--panel);min-width:2.75rem;height:2.75rem;color:var(--soft)}
.matrix.roomy tbody td{min-width:5.5rem;height:4rem;font-size:var(--text)}.matrix.roomy th{font-size:var(--text)}
.matrix tbody td.hit{background:linear-gradient(rgba(var(--heatRightChannels),var(--h)),rgba(var(--heatRightChannels),var(--h))) var(--page);color:var(--ink)}
.matrix tbody td.miss{background:linear-gradient(rgba(var(--heatWrongChannels),var(--h)),rgba(var(--heatWrongChannels),var(--h))) var(--page);color:var(--ink)}
.matrix a{display:grid;place-items:center;min-height:2.75rem;height:100%;text-decoration:none;font-weight:600;padding:0 .5rem}
.matrix a:hover{text-decoration:underline}
.matrix .axis{color:var(--soft);text-align:left;padding-bottom:.25rem}
.chart{display:block;width:100%;height:auto;max-width:36rem;margin-top:.25rem}
.chart.square{max-width:21.25rem}
.grid{stroke:var(--line)}.tick{fill:var(--soft);font-size:13px}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.train{stroke:var(--soft);stroke-dasharray:2 5}.line.val{stroke:var(--right)}
.dot.train{fill:var(--soft)}.dot.val{fill:var(--right)}
.best{stroke:var(--soft);stroke-width:1;stroke-dasharray:1 3}
.diagonal{stroke:var(--soft);stroke-dasharray:2 5;stroke-width:1.5}.whisker{stroke:var(--right);stroke-width:1.5;opacity:.55}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1.5rem 2rem;align-items:start}
.pair>*{min-width:0}
details summary{cursor:pointer;font-size:var(--small);color:var(--soft);padding:.25rem 0}
details summary:hover{color:var(--ink)}
details>*+*{margin-top:.5rem}
.scroll>*+*{margin-top:1rem}
.names{font-size:var(--small);padding-left:1.125rem}
section>p+.names{margin-top:.125rem}
.names.many{columns:2 20rem;column-gap:2rem}
.names li{break-inside:avoid}
pre{margin:.375rem 0 0;background:var(--panel);border-radius:6px;padding:.875rem 1rem;font:400 var(--small)/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:var(--small)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.375rem 1.5rem;font-size:var(--small);max-width:56rem}
dt{color:var(--soft)}dd{margin:0;min-width:0}
.cell{scroll-margin-top:1rem;padding-top:.75rem;margin-top:1.5rem;border-top:1px solid var(--line)}
.cell:target{border-top:3px solid var(--right)}
.cell h3{margin-bottom:.625rem;font-weight:400}
.cell h3 a{font-size:var(--small);color:var(--soft);margin-left:.5rem;white-space:nowrap}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:3.25rem;padding-top:1rem;border-top:1px solid var(--line);font-size:var(--small);color:var(--soft)}
@media (max-width:36rem){body{padding:1.5rem 1rem 3rem}:root{--headline:1.875rem;--heading:1.25rem}section{margin-top:2.5rem}.photos{grid-template-columns:repeat(auto-fill,minmax(8rem,1fr))}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}.bar{min-width:3.5rem}th,td{padding-right:.5rem}.matrix.roomy tbody td{min-width:3.75rem;height:3.25rem}}
@media print{:root{color-scheme:light;${variables(palette.light)}}html{font-size:87.5%}body{max-width:none;padding:0}nav,.back{display:none}section{margin-top:2rem}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.photos li,.classes li,.advice li,tr,figure,.cell h3{break-inside:avoid}h2,h3,thead{break-after:avoid}.scroll{overflow:visible}.photos{grid-template-columns:repeat(6,1fr)}.photos.wall{grid-template-columns:repeat(8,1fr)}}
`;
