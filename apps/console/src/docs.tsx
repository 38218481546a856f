/** The page of /docs: the gateway's own description of its API, readable. */
import { StrictMode, useEffect, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { ask, messageOf } from './api/request.js';
import { SignalMark } from './parts/signal-mark.js';
import { Problem } from './parts/state.js';
import { ApiDescription, subjectsOf, type FieldView, type OperationView } from './view/api-description.js';
import './style.css';

function Docs(): ReactNode {
  const [api, setApi] = useState<ApiDescription | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    ask(ApiDescription, '/openapi.json').then(
      ({ value }) => setApi(value),
      (error: unknown) => setProblem(messageOf(error)),
    );
  }, []);
  const subjects = api === null ? [] : subjectsOf(api);
  return (
    <>
      <header className="top">
        <a className="brand" href="/ui">
          <SignalMark />
          Signalbox
        </a>
        <nav aria-label="Subjects">
          {subjects.map((subject) => (
            <a key={subject.name} href={`#${subject.name}`}>
              {subject.name}
            </a>
          ))}
        </nav>
        <div className="who">
          <a href="/openapi.json">openapi.json</a>
        </div>
      </header>
      <main id="main" className="api">
        <h1>{api === null ? 'API' : `${api.info.title} ${api.info.version}`}</h1>
        <Problem text={problem} />
        <p>{api?.info.description}</p>
        {subjects.map((subject) => (
          <section key={subject.name} id={subject.name} aria-labelledby={`${subject.name}-title`}>
            <h2 id={`${subject.name}-title`}>{subject.name}</h2>
            <p className="hint">{subject.description}</p>
            {subject.operations.map((operation) => (
              <Operation key={operation.id} of={operation} />
            ))}
          </section>
        ))}
      </main>
    </>
  );
}

function Operation({ of: operation }: { of: OperationView }): ReactNode {
  return (
    <details className="card operation" id={operation.id}>
      <summary>
        <code className={`method ${operation.method.toLowerCase()}`}>{operation.method}</code>
        <code>{operation.path}</code>
        <span className="hint">{operation.summary}</span>
      </summary>
      {operation.description === '' ? null : <p>{operation.description}</p>}
      <Fields title="Parameters" fields={operation.parameters} />
      <Fields title="Body" fields={operation.body} />
      <Fields title="Answer" fields={operation.answer} />
    </details>
  );
}

function Fields({ title, fields }: { title: string; fields: readonly FieldView[] }): ReactNode {
  if (fields.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <div className="scroll">
        <table>
          <tbody>
            {fields.map((field) => (
              <tr key={field.name}>
                <th scope="row">
                  <code>{field.name}</code>
                  {field.required ? <span className="under">required</span> : null}
                </th>
                <td>
                  <code>{field.type}</code>
                </td>
                <td>{field.description}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <Docs />
    </StrictMode>,
  );
