// Every journey of the console, by mouse, by keyboard alone, and without scripts: the same steps, led by another hand.

import { fail, finish } from "./browser.mjs";
import { WAYS, crew } from "./hand.mjs";
import admin from "./journeys/admin.mjs";
import calls from "./journeys/calls.mjs";
import catalogue from "./journeys/catalogue.mjs";
import desk from "./journeys/desk.mjs";
import gate from "./journeys/gate.mjs";
import overview from "./journeys/overview.mjs";
import request from "./journeys/request.mjs";
import silo from "./journeys/silo.mjs";
import source from "./journeys/source.mjs";

const JOURNEYS = [overview, silo, catalogue, request, gate, desk, calls, admin, source];

/// One way after the other through all journeys; a journey that breaks off does not keep the others from being made.
async function makes(way) {
  const people = crew(way);
  for (const journey of JOURNEYS) {
    const began = Date.now();
    try {
      await journey(people);
    } catch (error) {
      fail(`${journey.name} by ${way}: ${error.stack}`);
    }
    console.log(`${journey.name} by ${way}: ${Date.now() - began} ms`);
  }
}

await Promise.all(WAYS.map(makes));
finish("every journey was made in every way");
