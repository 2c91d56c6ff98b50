import type { ReactNode } from 'react';

/** Before the first project: what it takes and how to begin. */
export function FirstSteps({ buttons }: { readonly buttons: ReactNode }) {
  return (
    <section className="first-steps" aria-labelledby="first-steps-title">
      <div>
        <h1 id="first-steps-title">Teach a classifier from your own photos</h1>
        <p className="first-steps-lead">
          Show it examples of each thing you want to tell apart. It learns on this machine, tells you how far
          you can trust it, and works without the internet.
        </p>
        <ol>
          <li>
            <h2>Open a folder of photos</h2>
            <p>
              With one folder for each thing, or all mixed: you can label them here. Twenty photos of each are
              a good start. Nothing in your folder is changed.
            </p>
          </li>
          <li>
            <h2>Train</h2>
            <p>One button. You see how long it takes on this machine before it starts.</p>
          </li>
          <li>
            <h2>Judge and use</h2>
            <p>
              Look at its mistakes, mend labels, train again; then sort new photos or take the model
              elsewhere.
            </p>
          </li>
        </ol>
      </div>
      <figure className="tree">
        <pre aria-label="Example of a folder of photos">
          {
            'photos/\n├─ healthy/\n│  ├─ leaf-001.jpg\n│  └─ …\n├─ rust/\n│  ├─ leaf-001.jpg\n│  └─ …\n└─ mildew/\n   └─ …'
          }
        </pre>
        <figcaption>Folder names become classes.</figcaption>
      </figure>
      {buttons}
    </section>
  );
}
