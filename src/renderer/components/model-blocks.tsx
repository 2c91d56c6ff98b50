import type { ModelBlock, ModelDetails } from '../../contract/model-details.ts';
import { compact, percent } from './format.ts';
import { ColumnHead, Table } from './ui/index.ts';
import './model-blocks.css';

const roles: Readonly<Record<ModelBlock['role'], string>> = {
  frozen: 'stays as it is',
  trained: 'learns from your photos',
  replaced: 'is replaced by your classes',
};

/** A backbone block by block, each as wide as its share of the work; the same as a table below. */
export function ModelBlocks({ details }: { readonly details: ModelDetails }) {
  const { blocks } = details;
  const shown = (Object.keys(roles) as ModelBlock['role'][]).filter((role) =>
    blocks.some((block) => block.role === role),
  );
  return (
    <div className="blocks">
      <div className="blocks-strip" aria-hidden>
        {blocks.map((block) => (
          <span
            key={block.name}
            className={`blocks-block blocks-${block.role}`}
            style={{ flexGrow: Math.max(block.share, 0.004) }}
            title={`${block.name}: ${percent(block.share)} of the work, ${roles[block.role]}`}
          />
        ))}
      </div>
      <ul className="blocks-legend">
        {shown.map((role) => (
          <li key={role}>
            <span className={`blocks-key blocks-${role}`} aria-hidden />
            {roles[role]} when fine-tuned
          </li>
        ))}
      </ul>
      <Table caption={`Blocks of ${details.name}`}>
        <thead>
          <tr>
            <ColumnHead>Block</ColumnHead>
            <ColumnHead numeric>Gives</ColumnHead>
            <ColumnHead numeric>Parameters</ColumnHead>
            <ColumnHead numeric>Of the work</ColumnHead>
            <ColumnHead>When fine-tuned</ColumnHead>
          </tr>
        </thead>
        <tbody>
          {blocks.map((block) => (
            <tr key={block.name}>
              <th scope="row">{block.name}</th>
              <td className="numeric">{block.outputShape.join(' × ')}</td>
              <td className="numeric">{compact(block.parameters)}</td>
              <td className="numeric">{percent(block.share)}</td>
              <td>{roles[block.role]}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
