/** The empty list: what a project is and how to make the first one. */
export function FirstSteps() {
  return (
    <section className="first-steps" aria-labelledby="first-steps-title">
      <div className="first-steps-text">
        <h2 id="first-steps-title">Your first classifier</h2>
        <ol>
          <li>
            <h3>Sort some photos</h3>
            <p>One folder for each thing you want to tell apart. Twenty photos of each are a good start.</p>
          </li>
          <li>
            <h3>Train</h3>
            <p>
              In a terminal: <code>holotype train photos</code>
            </p>
          </li>
          <li>
            <h3>Read the report</h3>
            <p>
              How good it is, on which photos it errs, and how to use it. Everything stays on this machine.
            </p>
          </li>
        </ol>
        <p className="muted">
          No photos at hand? <code>holotype demo</code> draws some leaves and trains on them.
        </p>
      </div>
      <pre className="tree" aria-label="Example of a folder of photos">
        {
          'photos/\n├─ healthy/\n│  ├─ leaf-001.jpg\n│  └─ …\n├─ rust/\n│  ├─ leaf-001.jpg\n│  └─ …\n└─ mildew/\n   └─ …'
        }
      </pre>
    </section>
  );
}
