import type { InputPolicy } from '../../contract/input-policy.ts';
import type { Task } from '../../contract/project.ts';
import type { ReportData } from './report-data.ts';
import { html, type Markup } from './report-html.ts';

/** How to use the saved model: our command line, Python and JavaScript. */
export function usage(data: ReportData): Markup {
  const { inputPolicy: policy, name, task = 'single-label' } = data;
  const numbers = task === 'regression';
  return html`
    <p>
      The saved model is this folder. It needs nothing from us: <code>model.onnx</code> is the whole model in
      an open format that runs on any
      computer${numbers ? '; it answers with the number.' : html`, and <code>labels.txt</code> holds its classes in order.`}
    </p>
    <h3>Command line</h3>
    <p class="note">
      ${numbers ? 'Numbers as a table.' : 'Answers as a table, and the photos sorted into a folder for each class.'}
    </p>
    <pre><code>holotype predict ${shellWord(name)} new-photos --csv answers.csv${numbers ? '' : ' --sort-into sorted'}</code></pre>
    <h3>Python</h3>
    <p class="note">With <code>pip install onnxruntime pillow numpy</code>, from inside this folder.</p>
    <pre><code>${python(policy, task)}</code></pre>
    <h3>JavaScript</h3>
    <p class="note">With <code>npm install onnxruntime-node sharp</code>, from inside this folder.</p>
    <pre><code>${javascript(policy, task)}</code></pre>
    <p class="note">
      Both give the same ${numbers ? 'numbers' : 'classes'} as the command line; the last digits may differ,
      because every program shrinks photos a little differently. For a web page, the folder
      <code>tfjs</code> loads with the Teachable Machine image library:
      <code>tmImage.load('tfjs/model.json', 'tfjs/metadata.json')</code>.
    </p>
  `;
}

/** The name as one word of a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) && !text.startsWith('-')
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`.replace(/^'-/, "'./-");
}

function python({ width: w, height: h, resize, cropFraction }: InputPolicy, task: Task): string {
  const fit = {
    squash: [`photo = photo.resize((${w}, ${h}), Image.Resampling.LANCZOS)`],
    crop: [
      `scale = max(${w} / photo.width, ${h} / photo.height) / ${cropFraction}`,
      'photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)',
      `left, top = (photo.width - ${w}) // 2, (photo.height - ${h}) // 2`,
      `photo = photo.crop((left, top, left + ${w}, top + ${h}))`,
    ],
    pad: [`photo = ImageOps.pad(photo, (${w}, ${h}), Image.Resampling.LANCZOS, color=(128, 128, 128))`],
  }[resize];
  return [
    'import numpy as np, onnxruntime',
    'from PIL import Image, ImageOps',
    '',
    'session = onnxruntime.InferenceSession("model.onnx")',
    'labels = open("labels.txt", encoding="utf-8").read().splitlines()',
    '',
    'photo = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")',
    ...fit,
    'pixels = np.asarray(photo, dtype=np.float32)[None]  # 1 x height x width x 3, from 0 to 255',
    `${task === 'regression' ? 'answer' : 'chances'} = session.run(None, {session.get_inputs()[0].name: pixels})[0][0]`,
    {
      'single-label': 'print(labels[chances.argmax()], chances.max())',
      'multi-label': 'for label, chance in zip(labels, chances): print(label, chance)',
      regression: 'print(answer[0])',
    }[task],
  ].join('\n');
}

function javascript({ width: w, height: h, resize, cropFraction }: InputPolicy, task: Task): string {
  const [wide, high] = [Math.round(w / cropFraction), Math.round(h / cropFraction)];
  const upright = "sharp('photo.jpg').rotate().flatten({ background: 'white' }).toColourspace('srgb')";
  const fit = {
    squash: [`const photo = ${upright}`, `  .resize(${w}, ${h}, { fit: 'fill' });`],
    crop: [
      `const photo = ${upright}`,
      `  .resize(${wide}, ${high}, { fit: 'cover' })`,
      `  .extract({ left: ${Math.round((wide - w) / 2)}, top: ${Math.round((high - h) / 2)}, width: ${w}, height: ${h} });`,
    ],
    pad: [
      `const photo = ${upright}`,
      `  .resize(${w}, ${h}, { fit: 'contain', background: { r: 128, g: 128, b: 128 } });`,
    ],
  }[resize];
  return [
    "import { readFile } from 'node:fs/promises';",
    "import ort from 'onnxruntime-node';",
    "import sharp from 'sharp';",
    '',
    "const session = await ort.InferenceSession.create('model.onnx');",
    "const labels = (await readFile('labels.txt', 'utf8')).trim().split('\\n');",
    '',
    ...fit,
    'const pixels = Float32Array.from(await photo.removeAlpha().raw().toBuffer()); // from 0 to 255',
    `const input = new ort.Tensor('float32', pixels, [1, ${h}, ${w}, 3]);`,
    'const answer = await session.run({ [session.inputNames[0]]: input });',
    'const chances = [...answer[session.outputNames[0]].data];',
    ...{
      'single-label': [
        'const best = chances.indexOf(Math.max(...chances));',
        'console.log(labels[best], chances[best]);',
      ],
      'multi-label': ['labels.forEach((label, i) => console.log(label, chances[i]));'],
      regression: ['console.log(chances[0]);'],
    }[task],
  ].join('\n');
}
