import { expect, it } from 'vitest';
import { busAttributes, knowBusServer } from './bus-attributes.js';

it('a subject with ids in it is told as its template, and the server by its address', () => {
  expect(busAttributes('publish', 'usage.close')).toEqual({
    'messaging.system': 'nats',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'usage.close',
  });
  knowBusServer('nats.house:4333');
  expect(busAttributes('process', 'probe.{backend}')).toEqual({
    'messaging.system': 'nats',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.template': 'probe.{backend}',
    'server.address': 'nats.house',
    'server.port': 4333,
  });
});
