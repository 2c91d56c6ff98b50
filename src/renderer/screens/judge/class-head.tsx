import { ClassSwatch } from '../../components/ui/index.ts';

/** The head of a class's row in a table of figures. @param color index into the palette; a class that is gone has none */
export function ClassHead({
  name,
  color = 0,
}: {
  readonly name: string;
  readonly color?: number | undefined;
}) {
  return (
    <th scope="row">
      <span className="judge-class">
        <ClassSwatch color={color} />
        <span className="truncate" title={name}>
          {name}
        </span>
      </span>
    </th>
  );
}
