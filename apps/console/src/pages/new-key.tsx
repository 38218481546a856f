/** Makes a key and shows it: this once, and never again. */
import { useCallback, useState, type FormEvent, type ReactNode } from 'react';
import { NewKey, TeamList } from '../api/answers.js';
import { ask, messageOf } from '../api/request.js';
import { usePolled } from '../api/use-polled.js';
import { Dialog } from '../parts/dialog.js';
import { Problem } from '../parts/state.js';
import { emptyKeyForm, newKeyBody, type KeyForm } from '../view/keys.js';

export function NewKeyDialog({ onMade, onClose }: { onMade: () => void; onClose: () => void }): ReactNode {
  const [made, setMade] = useState<{ key: string; warnings: readonly string[] } | null>(null);
  return (
    <Dialog title={made === null ? 'New key' : 'Your new key'} onClose={onClose}>
      {made === null ? (
        <KeyFields
          onClose={onClose}
          onMade={(key, warnings) => {
            setMade({ key, warnings });
            onMade();
          }}
        />
      ) : (
        <Made secret={made.key} warnings={made.warnings} onClose={onClose} />
      )}
    </Dialog>
  );
}

function KeyFields(props: {
  onMade: (key: string, warnings: readonly string[]) => void;
  onClose: () => void;
}): ReactNode {
  const [form, setForm] = useState<KeyForm>(emptyKeyForm);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const teams = usePolled(
    useCallback(async (signal: AbortSignal) => (await ask(TeamList, '/team/list', { signal })).value, []),
    null,
  );
  const set = (name: keyof KeyForm) => (event: { target: { value: string } }) => {
    setForm((before) => ({ ...before, [name]: event.target.value }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = newKeyBody(form);
    if ('problem' in wanted) {
      setProblem(wanted.problem);
      return;
    }
    setBusy(true);
    ask(NewKey, '/key/generate', { body: wanted.body })
      .then(
        ({ value }) => props.onMade(value.key, value.warnings ?? []),
        (error: unknown) => setProblem(messageOf(error)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={submit}>
      <label>
        Name
        <input value={form.name} onChange={set('name')} required autoFocus autoComplete="off" maxLength={256} />
      </label>
      <label>
        Team <small>optional; a new name makes a new team</small>
        <input value={form.team} onChange={set('team')} list="teams" autoComplete="off" />
        <datalist id="teams">
          {(teams.data ?? []).map((team) => (
            <option key={team.team_id} value={team.team_id}>
              {team.team_alias ?? team.team_id}
            </option>
          ))}
        </datalist>
      </label>
      <label>
        Models <small>separated by commas; empty for every model</small>
        <input value={form.models} onChange={set('models')} autoComplete="off" />
      </label>
      <div className="pair">
        <label>
          Budget <small>optional</small>
          <input value={form.budget} onChange={set('budget')} inputMode="decimal" autoComplete="off" />
        </label>
        <label>
          Counted in
          <select value={form.budgetUnit} onChange={set('budgetUnit')}>
            <option value="usd">USD</option>
            <option value="tokens">tokens</option>
            <option value="requests">requests</option>
          </select>
        </label>
        <label>
          Renewed
          <select value={form.budgetDuration} onChange={set('budgetDuration')}>
            <option value="1d">every day</option>
            <option value="7d">every 7 days</option>
            <option value="30d">every 30 days</option>
            <option value="1mo">every month</option>
            <option value="">never</option>
          </select>
        </label>
      </div>
      <label>
        Valid for
        <select value={form.expires} onChange={set('expires')}>
          <option value="">as long as it is not deleted</option>
          <option value="24h">a day</option>
          <option value="7d">a week</option>
          <option value="30d">30 days</option>
          <option value="365d">a year</option>
        </select>
      </label>
      <Problem text={problem} />
      <div className="actions">
        <button type="button" onClick={props.onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={busy}>
          Make key
        </button>
      </div>
    </form>
  );
}

function Made(props: { secret: string; warnings: readonly string[]; onClose: () => void }): ReactNode {
  const [copied, setCopied] = useState(false);
  // Pages that came without TLS have no clipboard; the field is selected on focus, so it can be copied by hand.
  const canCopy = 'clipboard' in navigator;
  return (
    <>
      <p>Copy it now. It is shown this once; only its digest is kept.</p>
      <input
        className="secret"
        readOnly
        autoFocus
        aria-label="The new key"
        value={props.secret}
        onFocus={(event) => event.target.select()}
      />
      {props.warnings.map((warning) => (
        <p key={warning} className="notice warn">
          {warning}
        </p>
      ))}
      <div className="actions">
        {canCopy ? (
          <button
            type="button"
            onClick={() => {
              navigator.clipboard.writeText(props.secret).then(
                () => setCopied(true),
                () => setCopied(false),
              );
            }}
          >
            {copied ? 'Copied' : 'Copy'}
          </button>
        ) : null}
        <button type="button" className="primary" onClick={props.onClose}>
          Done
        </button>
      </div>
    </>
  );
}
