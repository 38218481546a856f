/** Small parts that every page uses. */
import type { ReactNode } from 'react';
import type { Tone } from '../view/fleet.js';

/** A state: its colour, and the word beside it. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  return (
    <span className={`state ${tone}`}>
      <span className="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** What could not be fetched; nothing where all went well. */
export function Problem({ text }: { text: string | null }): ReactNode {
  if (text === null) return null;
  return (
    <p className="notice bad" role="status">
      {text}
    </p>
  );
}

export function Tile({ label, value, note }: { label: string; value: string; note?: ReactNode }): ReactNode {
  return (
    <div className="tile">
      <dt>{label}</dt>
      <dd>
        {value}
        {note === undefined ? null : <small>{note}</small>}
      </dd>
    </div>
  );
}

/** One of a few choices, as a row of buttons. */
export function Choice<Id extends string>(props: {
  label: string;
  options: readonly { readonly id: Id; readonly label: string }[];
  value: Id;
  onChange: (id: Id) => void;
}): ReactNode {
  return (
    <fieldset className="choice">
      <legend>{props.label}</legend>
      {props.options.map((option) => (
        <button
          key={option.id}
          type="button"
          aria-pressed={option.id === props.value}
          onClick={() => props.onChange(option.id)}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
