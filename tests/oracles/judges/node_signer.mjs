// Signs a response as node-saml signs, and encrypts as xml-encryption does: one order as JSON in, the document out.
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { signXml } from "./node_modules/@node-saml/node-saml/lib/xml.js";
import xmlenc from "xml-encryption";

const order = JSON.parse(readFileSync(0, "utf8"));
const where = {
  assertion: "//*[local-name(.)='Assertion']",
  response: "/*[local-name(.)='Response']",
};
const key = { privateKey: readFileSync(order.key, "ascii"), signatureAlgorithm: order.algorithm, digestAlgorithm: order.algorithm };

let text = order.text;
for (const part of order.parts) {
  const issuer = { reference: `${where[part]}/*[local-name(.)='Issuer']`, action: "after" };
  text = signXml(text, where[part], issuer, key);
}
if (order.encrypt) {
  const space = order.encrypt.endsWith("gcm") ? "http://www.w3.org/2009/xmlenc11#" : "http://www.w3.org/2001/04/xmlenc#";
  const pem = readFileSync(order.to, "ascii");
  const plain = /<saml:Assertion[ >].*<\/saml:Assertion>/s.exec(text)[0];
  const data = await promisify(xmlenc.encrypt)(plain, {
    pem,
    rsa_pub: pem,
    encryptionAlgorithm: space + order.encrypt,
    keyEncryptionAlgorithm: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
  });
  const saml = "urn:oasis:names:tc:SAML:2.0:assertion";
  text = text.replace(plain, () => `<saml:EncryptedAssertion xmlns:saml="${saml}">${data}</saml:EncryptedAssertion>`);
}
process.stdout.write(text);
