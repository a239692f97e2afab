import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np


class SmallNet(nn.Module):
    def __init__(self, num_classes: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((4, 4)))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(16 * 4 * 4, 32), nn.ReLU(True), nn.Linear(32, num_classes))
    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


class GradCAM:
    def __init__(self, model, target_layer):
        self.model = model
        self.gradients = None
        self.activations = None
        self.handles = [target_layer.register_forward_hook(self.save_activation),
                        target_layer.register_full_backward_hook(self.save_gradient)]
    def save_activation(self, module, input, output):
        self.activations = output.detach()
    def save_gradient(self, module, grad_input, grad_output):
        self.gradients = grad_output[0].detach()
    def __call__(self, x, class_idx=None):
        out = self.model(x)
        if class_idx is None:
            class_idx = out.argmax(dim=1)
        one_hot = torch.zeros_like(out)
        one_hot.scatter_(1, class_idx.unsqueeze(1), 1.0)
        self.model.zero_grad()
        out.backward(gradient=one_hot, retain_graph=True)
        weights = self.gradients.mean(dim=(2, 3), keepdim=True)
        cam = (weights * self.activations).sum(dim=1, keepdim=True)
        cam = F.relu(cam)
        cam = F.interpolate(cam, size=x.shape[2:], mode='bilinear', align_corners=False)
        cam = cam - cam.amin(dim=(2, 3), keepdim=True)
        cam = cam / (cam.amax(dim=(2, 3), keepdim=True) + 1e-8)
        return cam, class_idx
    def remove(self):
        for h in self.handles:
            h.remove()


model = SmallNet().eval()
cam = GradCAM(model, model.features[4])
x = torch.rand(2, 3, 16, 16, requires_grad=True)
m, c = cam(x)
print(m.shape, c.dtype, m.max() <= 1)
cam.remove()

activation = {}
def get_activation(name):
    def hook(model, input, output):
        activation[name] = output.detach()
    return hook
hs = [layer.register_forward_hook(get_activation(name)) for name, layer in model.named_modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
model(x)
for k, v in activation.items():
    print(k, tuple(v.shape))
[h.remove() for h in hs]
# saliency, and FGSM
x = torch.rand(1, 3, 16, 16)
x.requires_grad_()
scores = model(x)
scores[0, scores.argmax()].backward()
saliency, _ = torch.max(x.grad.data.abs(), dim=1)
print(saliency.shape)
def fgsm_attack(image, epsilon, data_grad):
    sign_data_grad = data_grad.sign()
    perturbed_image = image + epsilon * sign_data_grad
    return torch.clamp(perturbed_image, 0, 1)
adv = fgsm_attack(x, 0.1, x.grad.data)
print((adv - x).abs().max() <= 0.1001, adv.requires_grad)
# pgd
delta = torch.zeros_like(x, requires_grad=True)
for _ in range(3):
    loss = F.cross_entropy(model(x.detach() + delta), torch.tensor([1]))
    loss.backward()
    delta.data = (delta + 0.01 * delta.grad.detach().sign()).clamp(-0.03, 0.03)
    delta.grad.zero_()
print(delta.abs().max().item())
# style transfer: gram matrix with optim on the image
def gram_matrix(input):
    a, b, c, d = input.size()
    features = input.view(a * b, c * d)
    G = torch.mm(features, features.t())
    return G.div(a * b * c * d)
class StyleLoss(nn.Module):
    def __init__(self, target_feature):
        super(StyleLoss, self).__init__()
        self.target = gram_matrix(target_feature).detach()
    def forward(self, input):
        G = gram_matrix(input)
        self.loss = F.mse_loss(G, self.target)
        return input
style = StyleLoss(model.features[:4](torch.rand(1, 3, 16, 16)))
img = torch.rand(1, 3, 16, 16, requires_grad=True)
model.requires_grad_(False)
optimizer = torch.optim.LBFGS([img], max_iter=4)
run = [0]
while run[0] <= 6:
    def closure():
        with torch.no_grad():
            img.clamp_(0, 1)
        optimizer.zero_grad()
        style(model.features[:4](img))
        loss = style.loss * 1e4
        loss.backward()
        run[0] += 1
        return loss
    optimizer.step(closure)
with torch.no_grad():
    img.clamp_(0, 1)
print(img.shape, run[0] > 6)
def pre(module, args):
    print("pre", module.__class__.__name__, len(args))
h = model.classifier.register_forward_pre_hook(pre); model(x); h.remove()
kern = torch.tensor([[1., 0., -1.], [2., 0., -2.], [1., 0., -1.]]).view(1, 1, 3, 3).repeat(3, 1, 1, 1)
print(F.conv2d(x, kern, padding=1, groups=3).shape)
grid = model.features[0].weight.clone().cpu().numpy()
print(grid.shape, grid.dtype)
